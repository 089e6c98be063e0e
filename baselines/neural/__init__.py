"""Neural language models."""

#: Raise it when a change to layers, training or scoring changes scores: all neural models are then run anew.
VERSION = 1

#: What training imports when it begins, in seconds: torch's optimisers need its compiler.
IMPORTED_LATER = ("torch._dynamo",)
