"""What a model may be scored on beside the next word of a text: labels, classes and other sequences.

A corpus whose YAML names a `task` is a set of labelled items. Its models implement one of the contracts in
`benchmark.task.contract`, and are run, swept, recorded and compared as language models are.
"""

#: Raise this if reading items or measuring answers would give other numbers: all runs of tasks are then made
#: anew.
VERSION = 1
