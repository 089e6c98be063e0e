"""`test_log_probs.npz` of a run: its scores rounded, in two fifths of the space of `test_log_probs.npy`;
`valid_log_probs.npz` likewise.

The scores of the runs that a comparison rests on are small enough, in this form, to be kept with the records.
Anyone can then test the difference of two models without training them again.

A score is a whole number of 1/512 nat. What rounding takes from one score it gives to the next, so that each
is off by at most 1/512 nat, and so is the sum of any stretch of them. The upper and the lower bytes of these
numbers are two arrays, `upper` and `lower`, uint8 [targets], as the upper ones alone can be compressed well.
65,535 stands for an infinite loss.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from benchmark.errors import UserError
from benchmark.storage.files import atomic_file

COMPACT, COMPACT_VALID = "test_log_probs.npz", "valid_log_probs.npz"
#: Steps of a nat, and the number that stands for an infinite loss.
STEPS, INFINITE = 512, 65_535


def write_compact(path: Path, scores: np.ndarray) -> None:
    """Write ln p of each target. Raises UserError if a finite loss is too large: 128 nats or more."""
    losses = -np.asarray(scores, dtype=np.float64)
    finite = np.isfinite(losses)
    steps = np.diff(np.rint(np.cumsum(np.where(finite, losses, 0.0)) * STEPS), prepend=0.0)
    if steps.max(initial=0) >= INFINITE:
        largest = losses[finite].max()
        raise UserError(f"a loss of {largest:.0f} nats is too large for {path.name}, which holds up to 127")
    numbers = np.where(finite, np.maximum(steps, 0), INFINITE).astype(np.uint16)
    with atomic_file(path) as file:
        np.savez_compressed(file, upper=(numbers >> 8).astype(np.uint8), lower=numbers.astype(np.uint8))


def read_compact(path: Path) -> np.ndarray:
    """The scores in a file, float32 [targets]. Raises OSError or ValueError for one that is damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            upper, lower = arrays["upper"], arrays["lower"]
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"it is damaged: {error}") from error
    if upper.dtype != np.uint8 or lower.dtype != np.uint8 or upper.shape != lower.shape or upper.ndim != 1:
        raise ValueError("it does not hold the two arrays of compact scores")
    numbers = upper.astype(np.float32) * 256 + lower
    return np.where(numbers == INFINITE, -np.inf, -numbers / STEPS).astype(np.float32)
