"""Where the continuations of each context begin: ascending offsets, in about nine bits for each context."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from baselines.ngram.sorting import files
from baselines.ngram.sorting.room import IN_MEMORY, Room
from baselines.ngram.table.ids import index_type
from baselines.ngram.table.layout import BITS, BLOCK, FURTHEST

_CHECKED = 1 << 20  # contexts checked at a time


@dataclass(frozen=True)
class Offsets:
    """The continuations of context c are those from start(c) up to start(c + 1).

    A block is 32 contexts. `blocks` int32 or int64 [blocks] holds the start of each block, `ends` uint8
    [contexts] the distance from there to the end of each context's continuations. A block with more
    continuations than a byte can count has `blocks[b] = −1 − i` instead, and its 33 starts are row i of
    `wide`. If `ends` is empty, `blocks` [contexts + 1] holds every start: for few contexts that are looked up
    often.
    """

    blocks: np.ndarray
    ends: np.ndarray
    wide: np.ndarray

    @classmethod
    def of(cls, starts: np.ndarray, packed: bool) -> Offsets:
        """From start(c) for c = 0 … contexts, ascending; packed, or every one at full width."""
        return cls.in_blocks([starts[1:]], len(starts) - 1, int(starts[-1]), packed)

    @classmethod
    def in_blocks(
        cls,
        some_ends: Iterable[np.ndarray],
        contexts: int,
        continuations: int,
        packed: bool,
        room: Room = IN_MEMORY,
    ) -> Offsets:
        """From start(c + 1) for each context c, ascending, in arrays of a multiple of 32 but for the last."""
        number = index_type(continuations)
        length, ends_length = cls.lengths(contexts, packed)
        blocks, ends = room.zeros(length, number), room.zeros(ends_length, np.uint8)
        done, start, rows, wide = 0, 0, 0, [np.empty(0, dtype=number)]
        for each in filter(len, some_ends):
            if packed:
                by_block = np.append(each, np.full(-len(each) % BLOCK, each[-1:])).reshape(-1, BLOCK)
                starts = np.append(start, by_block[:-1, -1])
                distances = by_block - starts[:, None]
                too_many = np.flatnonzero(distances[:, -1] > FURTHEST)
                distances[too_many] = 0
                ends[done : done + len(each)] = distances.ravel()[: len(each)]
                wide.append(np.column_stack([starts[too_many], by_block[too_many]]).ravel().astype(number))
                starts[too_many] = -1 - rows - np.arange(len(too_many))
                rows += len(too_many)
                blocks[done // BLOCK : done // BLOCK + len(starts)] = starts
            else:
                blocks[done + 1 : done + 1 + len(each)] = each
            done, start = done + len(each), int(each[-1])
            files.forget(blocks, ends)
        return cls(blocks, ends, np.concatenate(wide))

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays."""
        return self.blocks, self.ends, self.wide

    @property
    def nbytes(self) -> int:
        return self.blocks.nbytes + self.ends.nbytes + self.wide.nbytes

    def __len__(self) -> int:
        """The number of contexts."""
        return len(self.ends) or max(len(self.blocks) - 1, 0)

    def bounds(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first continuation of each of `contexts` (int64), and how many it has: integers [contexts]."""
        if not len(self.ends):
            first = self.blocks.take(contexts)
            return first, self.blocks.take(contexts + 1) - first
        first = self.blocks.take(contexts >> BITS)
        before = self.ends.take(contexts - 1)  # for context 0 this reads the last one, which is not used
        before *= (contexts & (BLOCK - 1)) != 0
        count = (self.ends.take(contexts) - before).astype(first.dtype)
        wide = np.flatnonzero(first < 0)
        first += before
        if len(wide):
            first[wide], count[wide] = wide_bounds(self.blocks, self.wide, contexts.take(wide))
        return first, count

    def reader(self) -> Callable[[int], tuple[int, int]]:
        """A function that gives the first continuation of one context, and the one behind its last: `bounds`
        without arrays, for a word at a time."""
        blocks, ends, wide = (each.data for each in (self.blocks, self.ends, self.wide))
        if not len(self.ends):
            return lambda context: (blocks[context], blocks[context + 1])

        def of(context: int) -> tuple[int, int]:
            first, within = blocks[context >> BITS], context & (BLOCK - 1)
            if first < 0:
                place = wide_place(first, within)
                return wide[place], wide[place + 1]
            return first + ends[context - 1] if within else first, first + ends[context]

        return of

    def counts(self) -> np.ndarray:
        """The number of continuations of each context: integers [contexts]."""
        return self.bounds(np.arange(len(self)))[1]

    def fault(self, contexts: int, continuations: int) -> str | None:
        """What is wrong with arrays read from files, if anything. Their lengths are those of `lengths`."""
        wide = self.blocks < 0
        rows = np.count_nonzero(wide)
        if len(self.wide) != rows * (BLOCK + 1) or (self.blocks[wide] != -1 - np.arange(rows)).any():
            return "its wide blocks are not all there"
        end = 0
        for low in range(0, contexts, _CHECKED):
            first, count = self.bounds(np.arange(low, min(low + _CHECKED, contexts)))
            ends = np.append(end, first + count)
            if (count < 0).any() or (first != ends[:-1]).any():
                return "its starts do not ascend"
            end = int(ends[-1])
        return None if end == continuations else f"its starts end at {end:,}, not {continuations:,}"

    @staticmethod
    def lengths(contexts: int, packed: bool) -> tuple[int, int]:
        """The lengths of `blocks` and `ends` for so many contexts."""
        return (-(-contexts // BLOCK), contexts) if packed else (contexts + 1, 0)


def wide_place(block: Any, within: Any) -> Any:
    """Where in `wide` the start of a context is, the number `within` its block, whose entry in `blocks` is
    `block` = −1 − row; for integers and arrays alike."""
    return (-1 - block) * (BLOCK + 1) + within


def wide_bounds(blocks: np.ndarray, wide: np.ndarray, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The `bounds` of contexts whose blocks are stored in full."""
    places = wide_place(blocks.take(contexts >> BITS).astype(np.int64), contexts & (BLOCK - 1))
    first = wide.take(places)
    return first, wide.take(places + 1) - first
