"""Measures: functions of the vector of log-probabilities, and of the clock and the memory beside it."""
