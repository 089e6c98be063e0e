"""Count-based n-gram language models."""

#: Raise it where counting, estimation or tables would give other scores: all n-gram models are then
#: run anew.
VERSION = 1
