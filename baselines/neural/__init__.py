"""Neural language models."""

#: Raise it where reading, layers, training or scoring would give other scores: all neural models are then
#: run anew.
VERSION = 1
