"""The n-grams of one order, stored as the words that follow each context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from baselines.ngram.sorting import files
from baselines.ngram.sorting.room import IN_MEMORY, Room
from baselines.ngram.table.ids import index_type
from baselines.ngram.table.in_files import spans
from baselines.ngram.table.layout import FAR
from baselines.ngram.table.offsets import Offsets
from baselines.ngram.table.word_array import WordArray

if TYPE_CHECKING:
    from baselines.ngram.table.far_words import CountedWords
    from baselines.ngram.table.unary import UnaryOffsets

#: The last order whose offsets have full width: every token has a single word as its context.
FULL_WIDTH = 2
_BLOCK = 1 << 20  # contexts whose n-grams are counted at a time


@dataclass(frozen=True)
class Continuations:
    """n-grams sorted by context, and by last word within a context.

    `words[i]` is the last word of n-gram i. The n-grams of context c, an (n−1)-gram, are those from
    `starts(c)` up to `starts(c + 1)`, their words ascending.
    """

    words: WordArray | CountedWords
    starts: Offsets | UnaryOffsets

    @classmethod
    def of(
        cls,
        contexts: np.ndarray,
        last_words: np.ndarray,
        number: int,
        packed: bool,
        room: Room = IN_MEMORY,
    ) -> Continuations:
        """From the context of each n-gram, ascending, below `number`, and its last word, likewise."""
        ends = _ends(contexts, number, room)
        starts = Offsets.in_blocks(ends, number, len(contexts), packed, room)
        return cls(WordArray.of(last_words, room), starts)

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays: those of the words, then those of the starts."""
        return *self.words.arrays, *self.starts.arrays

    def compacted(self) -> Continuations:
        """The same n-grams in fewer bytes, which take longer to look up."""
        from baselines.ngram.table.far_words import CountedWords  # few tables are compacted
        from baselines.ngram.table.unary import UnaryOffsets

        starts, words = self.starts, self.words
        if isinstance(starts, Offsets) and len(starts.ends):
            unary = UnaryOffsets.of(starts)
            starts = unary if unary.nbytes < starts.nbytes else starts
        if isinstance(words, WordArray):
            counted = CountedWords.of(words)
            words = counted if counted.nbytes < words.nbytes else words
        return Continuations(words, starts)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def nbytes(self) -> int:
        return self.words.nbytes + self.starts.nbytes

    def contexts(self) -> np.ndarray:
        """Context of each n-gram: int32 or int64 [n-grams], ascending."""
        every = np.arange(len(self.starts), dtype=index_type(len(self.starts)))
        return np.repeat(every, self.starts.counts())

    def of_contexts(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The ids of the n-grams of each of `contexts`, and the index of the context of each of them."""
        first, count = self.starts.bounds(contexts)
        owner = np.repeat(np.arange(len(contexts)), count)
        before = np.cumsum(count, dtype=np.int64) - count
        return np.arange(len(owner)) + np.repeat(first - before, count), owner

    def find(self, contexts: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Look up pairs of `contexts` (int64 [pairs]) and `words` (int32 [pairs], −1 for no word).

        Returns the indices of the pairs that are n-grams, their ids, and the indices of those that are not.
        """
        if not files.in_file(self.words.low):
            return self._find(contexts, words)
        pieces = [self._find(contexts[:0], words[:0])]
        for some in self._in_spans(contexts):
            found, ids, missing = self._find(contexts.take(some), words.take(some))
            pieces.append((some.take(found), ids, some.take(missing)))
            self._forget()
        found, ids, missing = (np.concatenate(each) for each in zip(*pieces, strict=True))
        return found, ids, missing

    def _in_spans(self, contexts: np.ndarray) -> Iterator[np.ndarray]:
        """Indices of `contexts` whose n-grams are near each other."""
        order = np.argsort(contexts)
        ascending = contexts.take(order)
        for some in spans(ascending):
            first, _ = self.starts.bounds(ascending[some])
            self._forget()
            for part in spans(first):
                yield order[some][part]

    def _forget(self) -> None:
        files.forget(*self.arrays)

    def _find(self, contexts: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `find`.

        All pairs are bisected at once, each among the continuations of its context. Since word ids ascend, a
        word's position among them is at most its id: frequent words, which have the lowest ids, take few
        steps. Searches are sorted by the number of steps, most first, so that those still running are always
        the leading ones.
        """
        first, count = self.starts.bounds(contexts)
        np.minimum(count, words + np.int32(1), out=count)
        looks = _looks(count)
        order = np.argsort(~looks, kind="stable")  # 8-bit keys: a radix sort
        longer = len(order) - np.cumsum(np.bincount(looks, minlength=1))  # those of more than 0, 1, … looks
        some = order[: longer[0]]
        at, left = first.take(some).astype(np.int64), count.take(some).astype(np.int64)
        low, sought = self.words.low, np.minimum(words.take(some), FAR).astype(np.uint16)
        for still in longer[1:-1]:
            at_, left_ = at[:still], left[:still]
            half = left_ >> 1
            left_ -= half
            half *= low.take(at_ + half) <= sought[:still]
            at_ += half
        equal = low.take(at) == sought
        if self.words.has_far:
            far = np.flatnonzero(equal & (sought == FAR))
            which = some.take(far)
            at[far] = self.words.find_far(first.take(which), at.take(far), words.take(which))
            equal[far] = at.take(far) >= 0
        found, missing = np.flatnonzero(equal), np.flatnonzero(~equal)
        return some.take(found), at.take(found), np.concatenate([order[longer[0] :], some.take(missing)])


def _ends(contexts: np.ndarray, number: int, room: Room) -> Iterator[np.ndarray]:
    """The end of the n-grams of each context below `number`, a block of contexts at a time: int64 [block]."""
    start = 0
    for low in range(0, number, _BLOCK):
        high = min(low + _BLOCK, number)
        counts = np.zeros(high - low, dtype=np.int64)
        of_block = contexts[start : start + int(np.searchsorted(contexts[start:], np.int32(high)))]
        for some in room.blocks(of_block):
            block = of_block[some]
            first, last = int(block[0]) - low, int(block[-1]) - low
            counts[first : last + 1] += np.bincount(block - block[0])
        yield start + np.cumsum(counts)
        start += len(of_block)


def _looks(counts: np.ndarray) -> np.ndarray:
    """1 + ⌈log₂ count⌉, or one more: the steps to find one of `count` things; 0 for a count of 0: uint8.

    This is the exponent of 2 count − 1 as a float32, which rounding may raise to the next power of two.
    """
    exponents = np.maximum(2 * counts - 1, 0).astype(np.float32).view(np.int32) >> 23
    return np.maximum(exponents - 126, 0).astype(np.uint8)
