"""Count-based n-gram language models."""

#: Raise this if counting, estimation or tables would give other scores: all n-gram models are then run again.
VERSION = 1
