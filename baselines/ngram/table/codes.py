"""Numbers held as codes of a few bits: each stands for the mean of those nearest to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.errors import UserError

MOST_BITS = 16
_ROUNDS = 50  # of Lloyd's iteration, which seldom needs as many


@dataclass(frozen=True)
class Coded:
    """n numbers: `codes` uint8 or uint16 [n], indices into `values` float32, ascending.

    Read like the array it stands for: `len`, `take`, slices, and `numpy.asarray`.
    """

    codes: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, some: slice) -> np.ndarray:
        return self.values.take(self.codes[some])

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or np.float32, copy=False)

    def take(self, indices: np.ndarray) -> np.ndarray:
        return self.values.take(self.codes.take(indices))

    @property
    def nbytes(self) -> int:
        return self.codes.nbytes + self.values.nbytes

    @classmethod
    def of(cls, numbers: np.ndarray, bits: int) -> Coded:
        """The codes of at most 2^bits values nearest to `numbers`, by `cells`."""
        values = cells(numbers, bits)
        return cls(nearest(numbers, values), values)


#: What holds one number for each n-gram.
Numbers = np.ndarray | Coded


def cells(numbers: np.ndarray, bits: int) -> np.ndarray:
    """At most 2^bits values that stand for `numbers` with least squared error: float32, ascending.

    Lloyd 1982, in one dimension, from bins of equal population (KenLM's; Federico & Bertoldi 2006): each
    value becomes the mean of the numbers nearest to it, until none moves. −∞ keeps a value of its own.
    """
    if not 1 <= bits <= MOST_BITS:
        raise UserError(f"codes take 1 to {MOST_BITS} bits, not {bits}")
    finite = np.sort(numbers[np.isfinite(numbers)].astype(np.float64))
    zero = np.full(min(1, len(numbers) - len(finite)), -np.inf, dtype=np.float32)
    wanted = min(2**bits - len(zero), len(finite))
    if not wanted:
        return zero
    sums = np.concatenate([[0.0], np.cumsum(finite)])
    edges = np.linspace(0, len(finite), wanted + 1).astype(np.int64)
    for _ in range(_ROUNDS):
        edges = np.unique(edges)
        means = np.diff(sums[edges]) / np.diff(edges)
        moved = np.concatenate([[0], np.searchsorted(finite, (means[1:] + means[:-1]) / 2), [len(finite)]])
        if np.array_equal(moved, edges):
            break
        edges = moved
    edges = np.unique(edges)
    means = np.diff(sums[edges]) / np.diff(edges)
    return np.concatenate([zero, np.unique(means.astype(np.float32))])


def nearest(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Index of the value nearest to each of `numbers`: uint8 or uint16."""
    code = np.uint8 if len(values) <= 256 else np.uint16
    with np.errstate(invalid="ignore"):
        middles = (values[1:].astype(np.float64) + values[:-1]) / 2
    return np.searchsorted(middles, numbers).astype(code)


def below(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Index of the largest value that is no larger than each of `numbers`, or 0: uint8 or uint16."""
    code = np.uint8 if len(values) <= 256 else np.uint16
    return np.maximum(np.searchsorted(values, numbers, side="right") - 1, 0).astype(code)
