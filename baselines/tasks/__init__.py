"""Models of tasks beside language modelling: tagging, classification, transduction
(`benchmark.task.contract`)."""

#: Raise this if what these models share would give other answers: all of them are then run again.
VERSION = 1
