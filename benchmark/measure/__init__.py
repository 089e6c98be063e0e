"""Measures: functions of the vector of log-probabilities, and of the clock and the memory beside it."""

#: Raise it where the same model would be given other figures (here, by the contract or by token streams):
#: all models are then run anew.
VERSION = 1
