"""Where estimating keeps its arrays: in memory, or in temporary files that are read a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from baselines.ngram.sorting import files

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

_BLOCK = 1 << 20  # elements handled at a time
_SMALLEST = 1 << 16  # elements of a window, even with little memory


@dataclass(frozen=True)
class Room:
    """`window`: how many numbers of four bytes may be in memory to be looked up; None: all arrays are."""

    window: int | None = None

    @classmethod
    def of(cls, needed: int, held: Iterable[np.ndarray], memory: int) -> Room:
        """For arrays of `needed` bytes beside those that are `held`, in `memory` bytes."""
        left = memory - sum(each.nbytes for each in held if not files.in_file(each))
        return cls() if needed <= left else cls(max(_SMALLEST, left // 16))

    def zeros(self, length: int, dtype: DTypeLike = np.int32) -> np.ndarray:
        """An array of zeros."""
        return np.zeros(length, dtype) if self.window is None else files.new_array(length, dtype)

    def blocks(self, *arrays: np.ndarray) -> Iterator[slice]:
        """Slices of the length of `arrays`. What was touched of these is forgotten with every step."""
        for start in range(0, len(arrays[0]), _BLOCK):
            yield slice(start, start + _BLOCK)
            files.forget(*arrays)

    def windows(self, length: int, itemsize: int = 4) -> Iterator[slice]:
        """Slices of `length` numbers of `itemsize` bytes of which one may be in memory at a time."""
        size = length if self.window is None else 4 * self.window // itemsize
        for start in range(0, length, max(1, size)):
            yield slice(start, min(start + size, length))

    def lookup(self, source: np.ndarray, indices: np.ndarray) -> Callable[[slice], np.ndarray]:
        """A function that gives `source[indices[some]]` for any slice."""
        if self.window is None or source.nbytes <= 4 * self.window:
            held = np.array(source) if files.in_file(source) else source
            files.forget(source)
            return lambda some: held.take(indices[some], mode="clip")
        found = self.zeros(len(indices), source.dtype)
        for window in self.windows(len(source), source.itemsize):
            part = np.array(source[window])
            for some in self.blocks(found, indices, source):
                places = indices[some] - np.int32(window.start)
                inside = np.flatnonzero(places.view(np.uint32) < len(part))
                found[some][inside] = part.take(places.take(inside), mode="clip")

        def looked_up(some: slice) -> np.ndarray:
            part = np.array(found[some])
            files.forget(found)
            return part

        return looked_up


#: All arrays are in memory.
IN_MEMORY = Room()
