"""Neural language models."""

#: Raise it when a change to layers, training or scoring changes scores: all neural models are then run anew.
VERSION = 1
