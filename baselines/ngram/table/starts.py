"""Where the continuations of each context begin: an ascending array in about nine bits an entry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baselines.ngram.keys import index_type

_BITS = 5
_BLOCK = 1 << _BITS  # entries that share one full-width number
_WITHIN = 255  # the largest step from it that a byte holds


@dataclass(frozen=True)
class Starts:
    """start(c) for c = 0 … contexts (the last is the number of continuations), ascending.

    A block is 32 entries. `blocks` int32 or int64 [blocks] holds the first start of each, `within` uint8
    [contexts + 1] each entry's distance from it. A block that spans more than a byte's worth has
    `blocks[b] = −1 − i` instead, and its entries are `wide[32 i : 32 i + 32]`. Where `within` is empty,
    `blocks` holds every start: for few contexts that are looked up often.
    """

    blocks: np.ndarray
    within: np.ndarray
    wide: np.ndarray

    @classmethod
    def of(cls, starts: np.ndarray, packed: bool) -> Starts:
        """The ascending `starts`, packed or every one at full width."""
        number = index_type(int(starts[-1]))
        full = starts.astype(number)
        if not packed:
            return cls(full, np.empty(0, dtype=np.uint8), np.empty(0, dtype=number))
        by_block = np.append(full, np.full(-len(full) % _BLOCK, full[-1])).reshape(-1, _BLOCK)
        blocks = by_block[:, 0].copy()
        spans_more = by_block[:, -1] - blocks > _WITHIN
        within = by_block - blocks[:, None]
        within[spans_more] = 0
        blocks[spans_more] = -1 - np.arange(np.count_nonzero(spans_more))
        return cls(blocks, within.ravel()[: len(full)].astype(np.uint8), by_block[spans_more].ravel())

    @property
    def nbytes(self) -> int:
        return self.blocks.nbytes + self.within.nbytes + self.wide.nbytes

    def __len__(self) -> int:
        """The number of contexts."""
        return max(len(self.within), len(self.blocks)) - 1

    def take(self, contexts: np.ndarray) -> np.ndarray:
        """start(c) of each of `contexts` (int64): int32 or int64."""
        if not len(self.within):
            return self.blocks.take(contexts)
        starts = self.blocks.take(contexts >> _BITS)
        wide = np.flatnonzero(starts < 0)
        rows = -1 - starts.take(wide).astype(np.int64)
        starts += self.within.take(contexts)
        starts[wide] = self.wide.take(rows * _BLOCK + (contexts.take(wide) & (_BLOCK - 1)))
        return starts

    def bounds(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first continuation of each of `contexts`, and how many there are."""
        first = self.take(contexts)
        return first, self.take(contexts + 1) - first

    def all(self) -> np.ndarray:
        """start(c) for c = 0 … contexts."""
        return self.take(np.arange(len(self) + 1))

    def fault(self, contexts: int, continuations: int) -> str | None:
        """What is wrong with arrays read from files, for so many contexts and continuations."""
        packed = len(self.within) > 0
        blocks = -(-(contexts + 1) // _BLOCK) if packed else contexts + 1
        if len(self.blocks) != blocks or (packed and len(self.within) != contexts + 1):
            return f"it is not for {contexts:,} contexts"
        wide = self.blocks < 0
        rows = np.count_nonzero(wide)
        if len(self.wide) != rows * _BLOCK or not np.array_equal(self.blocks[wide], -1 - np.arange(rows)):
            return "its wide blocks are not all there"
        starts = self.all()
        if starts[0] != 0 or starts[-1] != continuations or (starts[1:] < starts[:-1]).any():
            return f"its starts do not ascend from 0 to {continuations:,}"
        return None
