"""Models made of other models, n-gram or neural. They use nothing of their components but the contract."""

#: Raise this if fitting components or weights would give other scores: all mixtures are then run again.
VERSION = 1
