"""Numbers stored as codes of a few bits, each the index of a value in a codebook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from baselines.ngram.table.escaped import EscapedArray

MOST_BITS = 16  # of a code
_ROUNDS = 50  # of Lloyd's iteration, which seldom needs so many


@dataclass(frozen=True)
class CodedArray:
    """n numbers: `codes` uint8 or uint16 [n], indices into the codebook `values` float32, ascending.

    It can be read like the array it stands for: `len`, `take`, slices, and `numpy.asarray`.
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

    def reader(self) -> Callable[[int], float]:
        """A function that gives the number at an index."""
        codes, values = self.codes.data, self.values.data
        return lambda index: values[codes[index]]

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays."""
        return self.codes, self.values

    @property
    def nbytes(self) -> int:
        return self.codes.nbytes + self.values.nbytes

    @classmethod
    def of(cls, numbers: np.ndarray, bits: int) -> CodedArray:
        """`numbers` float [n] in codes of a `codebook` of at most 2^bits values."""
        values = codebook(numbers, bits)
        return cls(nearest_code(numbers, values), values)


#: One number for each n-gram, in the order of the n-grams.
Numbers = np.ndarray | CodedArray | EscapedArray


def codebook(numbers: np.ndarray, bits: int) -> np.ndarray:
    """At most 2^bits values that stand for `numbers`, in any order, with little squared error.

    Returns float32 [values], ascending. Lloyd 1982 in one dimension, starting from bins of equal population
    (where Federico & Bertoldi 2006 and KenLM stop): each value becomes the mean of the numbers nearest to it,
    until none changes. 0 and −∞, if they occur, are frequent and keep exact values of their own.
    """
    own = [value for value in (-np.inf, 0.0) if (numbers == value).any()]
    others = np.sort(numbers[np.isfinite(numbers) & (numbers != 0)].astype(np.float64))
    means = np.unique(others)
    if len(own) + len(means) > 2**bits:
        means = _means(others, 2**bits - len(own))
    return np.unique(np.array([*own, *means], dtype=np.float32))


def _means(ascending: np.ndarray, number: int) -> np.ndarray:
    """The means of at most `number` cells of these numbers: float64, ascending."""
    sums = np.concatenate([[0.0], np.cumsum(ascending)])
    edges = np.linspace(0, len(ascending), number + 1).astype(np.int64)
    for _ in range(_ROUNDS):
        means = np.diff(sums[edges]) / np.diff(edges)
        between = np.searchsorted(ascending, (means[1:] + means[:-1]) / 2)
        moved = np.unique(np.concatenate([[0], between, [len(ascending)]]))
        if np.array_equal(moved, edges):
            break
        edges = moved
    return np.diff(sums[edges]) / np.diff(edges)


def nearest_code(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Index of the value nearest to each of `numbers`: uint8 or uint16 [numbers]."""
    code = np.uint8 if len(values) <= 256 else np.uint16
    middles = (values[1:].astype(np.float64) + values[:-1]) / 2
    return np.searchsorted(middles, numbers).astype(code)


def lower_code(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Index of the largest value that does not exceed each of `numbers`, or 0: uint8 or uint16 [numbers]."""
    code = np.uint8 if len(values) <= 256 else np.uint16
    return np.maximum(np.searchsorted(values, numbers, side="right") - 1, 0).astype(code)
