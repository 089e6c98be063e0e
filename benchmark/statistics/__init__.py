"""Uncertainty, as functions on arrays that know nothing of models, corpora or run folders.

Two things vary. **The text**: the test text is a sample of blocks (documents, or a number of lines), and
another sample would have given other numbers. **The seeds**: another seed would have trained another network.
Every seed scores the same text, so the two are crossed. What does not vary here: the training text, the
settings, and the choice of both.
"""

#: The share of intervals that hold the true value.
LEVEL = 0.95
#: Mean losses that are closer than this, in nats, are not told apart. Two programs that compute one model
#: differ by rounding, and a paired comparison would notice.
ROUNDING = 1e-4


def shown_to_differ(difference: float, p: float | None) -> bool:
    """The one rule of all verdicts: p is below 1 − LEVEL, and mean losses are more than `ROUNDING` apart."""
    told = None if p is None else p_of(difference, p)
    return told is not None and told < 1 - LEVEL


def p_of(difference: float, p: float) -> float | None:
    """p as it is told: None where the mean losses are within `ROUNDING`, and p would be of the rounding."""
    return p if abs(difference) > ROUNDING else None


#: What tables say of it.
NO_P = f"No p is told of differences up to {ROUNDING:g} nats, which may be rounding."
