"""Word ids in 16 bits each; those that need more also in 24, found by counting instead of by their places."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from baselines.ngram.table.ids import ABSENT, index_type
from baselines.ngram.table.layout import FAR, FAR_BITS
from baselines.ngram.table.word_array import WordArray

_BLOCK = 1 << FAR_BITS


@dataclass(frozen=True)
class CountedWords:
    """The same as `WordArray`, in fewer bytes where many words are far.

    `low` uint16 [n]: each id, or 65,535 for larger ones, whose excess over that is, in order, in `far_low`
    uint16 [m] and `far_high` uint8 [m]. `before` int32 or int64 [n / 64 + 1]: how many larger ones there are
    before each block of 64 places.
    """

    low: np.ndarray
    far_low: np.ndarray
    far_high: np.ndarray
    before: np.ndarray

    @classmethod
    def of(cls, words: WordArray) -> CountedWords:
        """The same words. They must have ids below 2^24 + 65,535."""
        excess = words.far_words - np.int32(FAR)
        marks = np.zeros(-(-len(words) // _BLOCK) * _BLOCK, dtype=bool)
        marks[: len(words)] = words.low == FAR
        before = np.append(0, np.cumsum(marks.reshape(-1, _BLOCK).sum(axis=1)))
        return cls(
            words.low,
            (excess & 0xFFFF).astype(np.uint16),
            (excess >> 16).astype(np.uint8),
            before.astype(index_type(len(words))),
        )

    def __len__(self) -> int:
        return len(self.low)

    @property
    def has_far(self) -> bool:
        """Whether any word needs more than 16 bits."""
        return len(self.far_low) > 0

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays."""
        return self.low, self.far_low, self.far_high, self.before

    @property
    def nbytes(self) -> int:
        return sum(each.nbytes for each in self.arrays)

    def take(self, indices: np.ndarray) -> np.ndarray:
        """The words at `indices` (int64): uint16, or int32 if any are far."""
        words = self.low.take(indices)
        far = np.flatnonzero(words == FAR)
        if len(far):
            words = words.astype(np.int32)
            words[far] = self._far(self._rank(np.asarray(indices).take(far)))
        return words

    def all(self) -> np.ndarray:
        """Every word."""
        words = self.low
        if self.has_far:
            words = words.astype(np.int32)
            words[self.low == FAR] = self._far(np.arange(len(self.far_low)))
        return words

    def find_far(self, first: np.ndarray, last: np.ndarray, words: np.ndarray) -> np.ndarray:
        """See `WordArray.find_far`. The far words of a context are its last ones, one after the other."""
        at, behind = self._rank(first), self._rank(last)
        left = behind + 1 - at
        while left.max(initial=0) > 1:
            half = left >> 1
            left -= half
            half *= self._far(np.minimum(at + half, len(self.far_low) - 1)) <= words
            at += half
        return np.where(self._far(at) == words, last - (behind - at), ABSENT)

    def finder(self) -> Callable[[int, int, int], int]:
        """See `WordArray.finder`."""
        low, far_low, far_high, before = (each.data for each in self.arrays)

        def excess(rank: int) -> int:
            return (far_high[rank] << 16) + far_low[rank]

        def find(word: int, first: int, last: int) -> int:
            at = bisect_left(low, min(word, FAR), first, last)
            if word < FAR:
                return at if at < last and low[at] == word else ABSENT
            if at == last:
                return ABSENT
            block = at >> FAR_BITS
            begin = before[block] + low[block << FAR_BITS : at].tolist().count(FAR)
            place = bisect_left(range(begin, begin + last - at), word - FAR, key=excess)
            return at + place if place < last - at and excess(begin + place) == word - FAR else ABSENT

        return find

    def _far(self, ranks: np.ndarray) -> np.ndarray:
        """The far words with these numbers: int32."""
        excess = self.far_high.take(ranks).astype(np.int32) << 16
        return excess + self.far_low.take(ranks) + np.int32(FAR)

    def _rank(self, places: np.ndarray) -> np.ndarray:
        """How many far words there are before each place: int64."""
        block = places >> FAR_BITS
        within = (block[:, None] << FAR_BITS) + np.arange(_BLOCK)
        marks = self.low.take(within, mode="clip") == FAR
        return self.before.take(block) + np.count_nonzero(marks & (within < places[:, None]), axis=1)

    def fault(self) -> str | None:
        """What is wrong with arrays read from files, if anything."""
        expected = CountedWords.of(WordArray(self.low, self.low, np.empty(0, dtype=np.int32))).before
        if not np.array_equal(self.before, expected) or not (
            len(self.far_low) == len(self.far_high) == expected[-1]
        ):
            return "its counts are not those of the words beyond 16 bits"
        return None
