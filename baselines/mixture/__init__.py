"""Models made of other models, counted or neural: they know of their components only the contract."""

#: Raise it where fitting components or weights would give other scores: all mixtures are then run anew.
VERSION = 1
