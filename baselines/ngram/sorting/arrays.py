"""The few array operations that counting uses, for NumPy and for torch (on a GPU if there is one).

Both give the same integers. NumPy's `take` and `put` clip indices here, which is twice as fast as indexing,
because indexing first checks and copies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from baselines.ngram.loops.load import Loops

#: Bits of a sort key, which is a positive int64.
KEY_BITS = 63

Array = Any  # a NumPy array or a torch tensor, whichever the operations are for


class Arrays(Protocol):
    """Operations on one kind of array. Positions and keys are int64, everything else as small as possible.

    `places` and `chunk`: how many places of a text are best sorted at a time, by their first two words, and
    within a bigram by the words that follow.
    """

    places: int
    chunk: int
    #: Loops in machine code, for those that may use them.
    loops: Loops | None
    #: What was allocated for sorting a range and is free: each a `compiled_ranges.Room`.
    rooms: list[Any]

    def of(self, array: np.ndarray) -> Array:
        """The array on this device."""

    def numpy(self, array: Array) -> np.ndarray:
        """The array as a NumPy array."""

    def take(self, array: Array, indices: Array) -> Array:
        """`array[indices]`; an index beyond the end reads the last element."""

    def put(self, array: Array, indices: Array, values: Array) -> None:
        """`array[indices] = values`."""

    def copy(self, array: Array) -> Array:
        """A copy in new memory."""

    def joined(self, pieces: Sequence[Array]) -> Array:
        """The elements of all pieces. There must be at least one piece."""

    def gaps(self, starts: Array, length: int) -> Array:
        """The distance from each start to the next, and from the last to `length`: int32 [starts]."""

    def where(self, mask: Array) -> Array:
        """Indices of the true elements: int64, ascending."""

    def sorted(self, keys: Array) -> Array:
        """The keys in ascending order; may reuse their memory."""

    def sorted_with(self, keys: Array, bits: int, values: Array) -> tuple[Array, Array]:
        """The keys in ascending order, and the values that belong to them; may reuse the memory of the keys.

        The keys are int64, from 0 to below 2 ** `bits`.
        """

    def search(self, ascending: Array, values: Array) -> list[int]:
        """How many elements of an ascending array are below each value."""

    def arange(self, length: int) -> Array:
        """0, 1, …: int64."""

    def empty(self, length: int) -> Array:
        """An uninitialised int32 array."""

    def numbered(self, first: Array) -> Array:
        """For each element, the number of true ones up to and including it, minus one: int32."""

    def cast(self, array: Array, kind: str) -> Array:
        """The array as `int32` or `int64`."""


class NumpyArrays:
    """NumPy, on the CPU."""

    places = 1 << 20
    chunk = 1 << 18  # keys of 8 bytes: 2 MiB, which a core's own cache holds

    def __init__(self, loops: Loops | None = None) -> None:
        self.loops = loops
        self.rooms: list[Any] = []
        if loops:
            self.places = 1 << 18  # loops copy the words behind the places: these fit the cache, too

    def of(self, array: np.ndarray) -> np.ndarray:
        return array

    def numpy(self, array: np.ndarray) -> np.ndarray:
        return array

    def take(self, array: np.ndarray, indices: np.ndarray) -> np.ndarray:
        return array.take(indices, mode="clip")

    def put(self, array: np.ndarray, indices: np.ndarray, values: np.ndarray) -> None:
        np.put(array, indices, values, mode="clip")

    def copy(self, array: np.ndarray) -> np.ndarray:
        return array.copy()

    def joined(self, pieces: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate(pieces)

    def gaps(self, starts: np.ndarray, length: int) -> np.ndarray:
        ends = np.empty(len(starts), dtype=np.int32)
        ends[:-1] = starts[1:]
        ends[-1:] = length
        return np.subtract(ends, starts, out=ends, casting="unsafe")

    def where(self, mask: np.ndarray) -> np.ndarray:
        return np.flatnonzero(mask)

    def sorted(self, keys: np.ndarray) -> np.ndarray:
        keys.sort()
        return keys

    def sorted_with(self, keys: np.ndarray, bits: int, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        index_bits = len(keys).bit_length()
        if bits + index_bits > KEY_BITS:
            raise OverflowError(f"{len(keys):,} keys of {bits} bits do not fit {KEY_BITS} bits with an index")
        keys <<= index_bits
        keys |= np.arange(len(keys))
        keys.sort()  # bare integers: several times faster than sorting indices
        values = self.take(values, keys & ((1 << index_bits) - 1))
        keys >>= index_bits
        return keys, values

    def search(self, ascending: np.ndarray, values: np.ndarray) -> list[int]:
        return np.searchsorted(ascending, values).tolist()

    def arange(self, length: int) -> np.ndarray:
        return np.arange(length, dtype=np.int64)

    def empty(self, length: int) -> np.ndarray:
        return np.empty(length, dtype=np.int32)

    def numbered(self, first: np.ndarray) -> np.ndarray:
        number = np.cumsum(first, dtype=np.int32)
        number -= 1
        return number

    def cast(self, array: np.ndarray, kind: str) -> np.ndarray:
        return array.astype(kind)


class TorchArrays:
    """torch, on the device that it calls `device`: `cuda`, or `cpu` to compare with NumPy."""

    places = chunk = 1 << 26  # a GPU is faster the more it sorts at once
    loops: Loops | None = None

    def __init__(self, device: str) -> None:
        import torch

        self.torch = torch
        self.device = device
        self.rooms: list[Any] = []

    def of(self, array: np.ndarray) -> Array:
        return self.torch.from_numpy(array).to(self.device)

    def numpy(self, array: Array) -> np.ndarray:
        return np.asarray(array.cpu().numpy())

    def take(self, array: Array, indices: Array) -> Array:
        return array[indices.clamp(max=len(array) - 1)]

    def put(self, array: Array, indices: Array, values: Array) -> None:
        array[indices] = values.to(array.dtype)

    def copy(self, array: Array) -> Array:
        return array.clone()

    def joined(self, pieces: Sequence[Array]) -> Array:
        return self.torch.cat(list(pieces))

    def gaps(self, starts: Array, length: int) -> Array:
        end = self.torch.tensor([length], device=self.device)
        return self.torch.diff(starts, append=end).to(self.torch.int32)

    def where(self, mask: Array) -> Array:
        return self.torch.nonzero(mask).squeeze(1)

    def sorted(self, keys: Array) -> Array:
        return self.torch.sort(keys).values

    def sorted_with(self, keys: Array, bits: int, values: Array) -> tuple[Array, Array]:
        ordered = self.torch.sort(keys, stable=True)
        return ordered.values, values[ordered.indices]

    def search(self, ascending: Array, values: Array) -> list[int]:
        found = self.torch.searchsorted(ascending, values.to(ascending.dtype))
        return [int(index) for index in found.tolist()]

    def arange(self, length: int) -> Array:
        return self.torch.arange(length, device=self.device)

    def empty(self, length: int) -> Array:
        return self.torch.empty(length, dtype=self.torch.int32, device=self.device)

    def numbered(self, first: Array) -> Array:
        return self.torch.cumsum(first, 0, dtype=self.torch.int32) - 1

    def cast(self, array: Array, kind: str) -> Array:
        return array.to(getattr(self.torch, kind))
