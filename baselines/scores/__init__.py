"""Models of which there are only scores: one number for each target, from any other program."""

#: Raise this if reading the same files would give other scores: all runs of scores are then made again.
VERSION = 1
