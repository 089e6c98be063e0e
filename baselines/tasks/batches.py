"""Inputs that are read side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


def by_length(lengths: Sequence[int], batch: int) -> Iterator[np.ndarray]:
    """Numbers of inputs, a batch of inputs of like length at a time, so that little of it is padding."""
    order = np.argsort(lengths, kind="stable")
    for start in range(0, len(order), batch):
        yield order[start : start + batch]
