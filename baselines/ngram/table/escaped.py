"""Numbers of which a few make up most: a byte each for those, and the others in full."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from baselines.ngram.table.ids import index_type
from baselines.ngram.table.layout import RARE


@dataclass(frozen=True)
class EscapedArray:
    """n numbers: `codes` uint8 [n], indices into `values` float32 [up to 255], or 255 for one of the others.

    `places` int32 or int64 [m], ascending, says where those are, and `rare` float32 [m] what they are. It can
    be read like the array it stands for: `len`, `take`, slices, and `numpy.asarray`.
    """

    codes: np.ndarray
    values: np.ndarray
    places: np.ndarray
    rare: np.ndarray

    @classmethod
    def of(cls, numbers: np.ndarray) -> EscapedArray:
        """From float32 [n]; the most frequent get the codes."""
        values, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
        frequent = np.argsort(-counts, kind="stable")[:RARE]
        code_of = np.full(len(values), RARE, dtype=np.uint8)
        code_of[frequent] = np.arange(len(frequent), dtype=np.uint8)
        codes = code_of[inverse]
        places = np.flatnonzero(codes == RARE)
        return cls(codes, values[frequent], places.astype(index_type(len(numbers))), numbers[places])

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, some: slice) -> np.ndarray:
        start, stop, step = some.indices(len(self))
        return self.take(np.arange(start, stop, step))

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        numbers = self.values.take(self.codes, mode="clip") if len(self.values) else np.zeros(len(self))
        numbers[self.places] = self.rare
        return numbers.astype(dtype or np.float32, copy=False)

    def take(self, indices: np.ndarray) -> np.ndarray:
        codes = self.codes.take(indices)
        numbers = self.values.take(codes, mode="clip")
        rare = np.flatnonzero(codes == RARE)
        if len(rare):
            numbers[rare] = self.rare.take(self._rank(np.asarray(indices).take(rare)))
        return numbers

    def _rank(self, places: np.ndarray) -> np.ndarray:
        """How many of `places` are below each: of the same type, lest they be copied."""
        return np.searchsorted(self.places, places.astype(self.places.dtype))

    def reader(self) -> Callable[[int], float]:
        """A function that gives the number at an index."""
        codes, values = self.codes.data, self.values.tolist()
        places, rare = self.places.data, self.rare.data

        def number(index: int) -> float:
            code = codes[index]
            return values[code] if code != RARE else rare[bisect_left(places, index)]

        return number

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays."""
        return self.codes, self.values, self.places, self.rare

    @property
    def nbytes(self) -> int:
        return self.codes.nbytes + self.values.nbytes + self.places.nbytes + self.rare.nbytes

    def fault(self) -> str | None:
        """What is wrong with arrays read from files, if anything."""
        if len(self.places) != len(self.rare) or len(self.values) > RARE:
            return f"{len(self.places):,} places of {len(self.rare):,} numbers"
        if not np.array_equal(np.flatnonzero(self.codes == RARE), self.places):
            return "its places are not those of the numbers in full"
        coded = self.codes[self.codes != RARE]
        return "it lacks values for some codes" if len(coded) and coded.max() >= len(self.values) else None
