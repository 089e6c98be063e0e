"""Where counting keeps its results: in memory, or in temporary files (see `files`)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import IO, Protocol

import numpy as np

from baselines.ngram.sorting import files
from baselines.ngram.sorting.arrays import Array, Arrays, NumpyArrays
from baselines.ngram.sorting.grouped import grouped
from baselines.ngram.sorting.limits import memory_limit
from baselines.ngram.sorting.threads import Pool, in_blocks
from benchmark.environment import MEMORY, byte_count, machine_memory
from benchmark.errors import UserError

_BLOCK = 1 << 20
_ID_BITS = 32
_OWN_PAGES = 10 << 20  # int32, over 32 MiB: the C library maps such blocks and returns them at once


def memory_budget() -> int:
    """Bytes that texts, counting and estimating may take: those of a `limited` block, or NEXTWORD_MEMORY
    (such as 4G or 500M), by default half of the machine's.

    Raises UserError if NEXTWORD_MEMORY is not a size.
    """
    return memory_limit() or MEMORY.value or machine_memory() // 2


def text_in_memory(memory: int | None = None) -> int:
    """How many tokens of four bytes a text in memory may have: half of `memory`, or of the budget."""
    return (memory or memory_budget()) // 8


def parse_bytes(said: str, name: str) -> int:
    """A number of bytes, with K, M, G or T for powers of 1024. Raises UserError, beginning with `name`."""
    try:
        return byte_count(said)
    except ValueError as error:
        raise UserError(f"{name}{said} is not usable: {error}") from error


class Column(Protocol):
    """An int32 array that grows at its end."""

    def append(self, values: Array) -> None:
        """Add values."""

    def finish(self) -> np.ndarray:
        """The whole array: int32. Nothing may be added afterwards."""


class PlaceIds(Protocol):
    """For one order, the id of the n-gram that begins at each place of a sequence."""

    def put(self, places: Array, ids: Array, first: int) -> None:
        """Store the ids of the n-grams at some places, counted from `first`; each place once. Several threads
        may call it."""

    def take(self, places: np.ndarray, pool: Pool) -> np.ndarray:
        """The ids of the n-grams at `places`: int32 [places]. May be called once, at the end."""


class Storage(Protocol):
    """Makes columns and place ids."""

    def column(self, most: int) -> Column:
        """A column of up to `most` values."""

    def place_ids(self, length: int) -> PlaceIds:
        """The ids of one order for a sequence of `length` places."""


class InMemory:
    """Everything in memory, but columns only until together they take more than `space` bytes, if given."""

    def __init__(self, arrays: Arrays, space: int | None = None) -> None:
        self.arrays, self.space = arrays, None if space is None else _Space(space)

    def column(self, most: int) -> Column:
        if self.space is None:
            return MemoryColumn(self.arrays, most)
        return _MovingColumn(self.arrays, most, self.space)

    def place_ids(self, length: int) -> PlaceIds:
        return _MemoryPlaceIds(self.arrays, length)


class MemoryColumn:
    """An array of up to `most` values: what is not touched takes no memory.

    Where that is not known, it grows in large blocks: many small arrays would keep freed memory from going
    back to the system.
    """

    def __init__(self, arrays: Arrays | None = None, most: int = 0) -> None:
        self.arrays = arrays or NumpyArrays()
        self.room = np.empty(most, dtype=np.int32)  # the free end of the last block
        self.blocks = [self.room] if most else []
        self.length = 0

    def append(self, values: Array) -> None:
        rest = self.arrays.numpy(values)
        self.length += len(rest)
        while len(rest):
            if not len(self.room):
                self.room = np.empty(max(len(rest), min(2 * self.length, _OWN_PAGES)), dtype=np.int32)
                self.blocks.append(self.room)
            taken = min(len(rest), len(self.room))
            self.room[:taken] = rest[:taken]
            self.room, rest = self.room[taken:], rest[taken:]

    def drain(self) -> Iterator[np.ndarray]:
        """The values block by block; each is released once the next is requested."""
        if self.blocks:
            last = self.blocks[-1]
            self.blocks[-1] = last[: len(last) - len(self.room)]
            self.room = last[:0]
        while self.blocks:
            yield self.blocks.pop(0)

    def finish(self) -> np.ndarray:
        if len(self.blocks) == 1:
            whole, self.room = self.blocks.pop(), np.empty(0, dtype=np.int32)
            whole.resize(self.length, refcheck=False)  # in place
            return whole
        whole = np.empty(self.length, dtype=np.int32)
        start = 0
        for block in self.drain():
            whole[start : start + len(block)] = block
            start += len(block)
        return whole


class _Space:
    """Bytes of memory that columns share. Once it is too little, there is none."""

    def __init__(self, size: int) -> None:
        self.left = size

    def take(self, size: int) -> bool:
        """Whether there are so many bytes more."""
        self.left = self.left - size if size <= self.left else -1
        return self.left >= 0


class _MovingColumn:
    """A column in memory that moves to a file when there is no more space."""

    def __init__(self, arrays: Arrays, most: int, space: _Space) -> None:
        self.arrays, self.space = arrays, space
        self.memory = MemoryColumn(most=most)
        self.file: IO[bytes] | None = None

    def append(self, values: Array) -> None:
        rest = self.arrays.numpy(values).astype(np.int32, copy=False)
        if self.file is None and not self.space.take(rest.nbytes):
            self.file = files.temporary()
            for block in self.memory.drain():
                for start in range(0, len(block), _BLOCK):
                    files.append(self.file, block[start : start + _BLOCK])
        if self.file:
            files.append(self.file, rest)
        else:
            self.memory.append(rest)

    def finish(self) -> np.ndarray:
        return files.mapped(self.file) if self.file else self.memory.finish()


class LimitedColumn:
    """A column of which up to `most` values are in memory, and the rest in a file."""

    def __init__(self, most: int) -> None:
        self.most, self.length = most, 0
        self.memory = MemoryColumn()
        self.file: IO[bytes] | None = None

    def append(self, values: np.ndarray) -> None:
        self.length += len(values)
        if self.file is None and self.length > self.most:
            self.file = files.temporary()
        if self.file is None:
            self.memory.append(values)
        else:
            files.append(self.file, values)

    def drain(self) -> Iterator[np.ndarray]:
        """The values block by block; each is released once the next is requested."""
        yield from self.memory.drain()
        if self.file:
            self.file.seek(0)
            while len(block := np.fromfile(self.file, dtype=np.int32, count=_BLOCK)):
                yield block


class _MemoryPlaceIds:
    def __init__(self, arrays: Arrays, length: int) -> None:
        self.arrays, self.ids = arrays, arrays.empty(length)

    def put(self, places: Array, ids: Array, first: int) -> None:
        if self.arrays.loops:
            self.arrays.loops.put_ids(places, ids, len(ids), first, self.ids)
        else:
            self.arrays.put(self.ids, places, ids + first)

    def take(self, places: np.ndarray, pool: Pool) -> np.ndarray:
        found = np.empty(len(places), dtype=np.int32)

        def look_up(some: slice) -> None:
            found[some] = self.arrays.numpy(self.arrays.take(self.ids, self.arrays.of(places[some])))

        in_blocks(pool, look_up, len(places))
        return found


class OnDisk:
    """Everything in files. `window`: how many places of a sequence are in memory at a time."""

    def __init__(self, arrays: Arrays, window: int) -> None:
        self.arrays, self.window = arrays, window

    def column(self, most: int) -> Column:
        return _DiskColumn(self.arrays)

    def place_ids(self, length: int) -> PlaceIds:
        return _DiskPlaceIds(self.arrays, length, self.window)


class _DiskColumn:
    def __init__(self, arrays: Arrays) -> None:
        self.arrays, self.file = arrays, files.temporary()

    def append(self, values: Array) -> None:
        files.append(self.file, self.arrays.numpy(values).astype(np.int32, copy=False))

    def finish(self) -> np.ndarray:
        return files.mapped(self.file)


class _DiskPlaceIds:
    """Pairs of a place and an id, in 64 bits with the place above, in a file for each window of places."""

    def __init__(self, arrays: Arrays, length: int, window: int) -> None:
        self.arrays, self.length = arrays, length
        self.bits = max(window.bit_length() - 1, (length >> 8).bit_length())  # at most 256 windows
        self.files = [files.temporary() for _ in range(0, length, 1 << self.bits)]

    def put(self, places: Array, ids: Array, first: int) -> None:
        pairs = self.arrays.numpy(places).astype(np.int64)
        windows = (pairs >> self.bits).astype(np.int32)
        pairs <<= _ID_BITS
        pairs |= self.arrays.numpy(ids + first)
        halves = pairs.view(np.int32).reshape(-1, 2)
        halves, bounds = grouped(halves, windows, len(self.files), self.arrays.loops)
        for file, (start, end) in zip(self.files, pairwise(bounds.tolist()), strict=True):
            if end > start:
                files.append(file, halves[start:end])

    def take(self, places: np.ndarray, pool: Pool) -> np.ndarray:
        found = files.new_array(len(places))
        for number, file in enumerate(self.files):
            start = number << self.bits
            ids = np.empty(min(1 << self.bits, self.length - start), dtype=np.int32)
            file.seek(0)
            while len(pairs := np.fromfile(file, dtype=np.int64, count=_BLOCK)):
                self._put_window(pairs, start, ids)
            for begin in range(0, len(places), _BLOCK):
                some = slice(begin, begin + _BLOCK)
                self._take_window(places[some], start, ids, found[some])
                files.forget(found, places)
        self.files = []
        return found

    def _put_window(self, pairs: np.ndarray, start: int, ids: np.ndarray) -> None:
        if self.arrays.loops:
            self.arrays.loops.put_pairs(pairs, len(pairs), start, ids)
        else:
            np.put(ids, (pairs >> _ID_BITS) - start, pairs.astype(np.int32), mode="clip")

    def _take_window(self, places: np.ndarray, start: int, ids: np.ndarray, found: np.ndarray) -> None:
        """Write the ids of those places that are in a window from `start` on."""
        if self.arrays.loops:
            self.arrays.loops.take_inside(places, len(places), start, len(ids), ids, found)
        else:
            wanted = places - np.int32(start)
            inside = np.flatnonzero(wanted.view(np.uint32) < len(ids))
            found[inside] = ids.take(wanted.take(inside), mode="clip")
