"""Word ids in 16 bits each; those that need more are also stored in full."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from baselines.ngram.sorting.room import IN_MEMORY, Room
from baselines.ngram.table.ids import ABSENT, index_type
from baselines.ngram.table.layout import FAR


@dataclass(frozen=True)
class WordArray:
    """n word ids, in which more frequent words have lower ids.

    `low` uint16 [n] holds each id up to 65,534, and 65,535 for larger ones. `far` int32 or int64 [m] holds
    the places of the larger ones, ascending, and `far_words` int32 [m] their ids.
    """

    low: np.ndarray
    far: np.ndarray
    far_words: np.ndarray

    @classmethod
    def of(cls, words: np.ndarray, room: Room = IN_MEMORY) -> WordArray:
        """From the ids `words` [n], in any order."""
        low = room.zeros(len(words), np.uint16)
        number = sum(int(np.count_nonzero(words[some] >= FAR)) for some in room.blocks(words))
        far, far_words = room.zeros(number, index_type(len(words))), room.zeros(number, np.int32)
        done = 0
        for some in room.blocks(words, low, far, far_words):
            block = words[some]
            np.minimum(block, FAR, out=low[some], casting="unsafe")
            places = np.flatnonzero(block >= FAR)
            behind = done + len(places)
            far[done:behind] = places + some.start
            far_words[done:behind] = block.take(places)
            done = behind
        return cls(low, far, far_words)

    def __len__(self) -> int:
        return len(self.low)

    @property
    def has_far(self) -> bool:
        """Whether any word needs more than 16 bits."""
        return len(self.far) > 0

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays."""
        return self.low, self.far, self.far_words

    @property
    def nbytes(self) -> int:
        return self.low.nbytes + self.far.nbytes + self.far_words.nbytes

    def take(self, indices: np.ndarray) -> np.ndarray:
        """The words at `indices` (int64): uint16, or int32 if any are far."""
        words = self.low.take(indices)
        far = np.flatnonzero(words == FAR)
        if len(far):
            words = words.astype(np.int32)
            words[far] = self.far_words.take(self._rank(indices.take(far)))
        return words

    def all(self) -> np.ndarray:
        """Every word."""
        words = self.low
        if len(self.far):
            words = words.astype(np.int32)
            words[self.far] = self.far_words
        return words

    def find_far(self, first: np.ndarray, last: np.ndarray, words: np.ndarray) -> np.ndarray:
        """The place of each far word between the places `first` and `last`, or −1 if it is not there.

        Words ascend from `first` to `last`, and the one at `last` is far.
        """
        at = self._rank(first)
        left = self._rank(last) + 1 - at
        while left.max(initial=0) > 1:
            half = left >> 1
            left -= half
            half *= self.far_words.take(at + half, mode="clip") <= words
            at += half
        return np.where(self.far_words.take(at) == words, self.far.take(at), -1)

    def finder(self) -> Callable[[int, int, int], int]:
        """A function that gives the place of a word from `first` up to `last`, between which words ascend, or
        −1: for a word at a time."""
        low, far, far_words = (each.data for each in (self.low, self.far, self.far_words))

        def near(word: int, first: int, last: int) -> int:
            at = bisect_left(low, word, first, last)
            return at if at < last and low[at] == word else ABSENT

        if not len(far):
            return near

        def find(word: int, first: int, last: int) -> int:
            if word < FAR:
                return near(word, first, last)
            begin = bisect_left(far, first)
            at = bisect_left(far_words, word, begin, bisect_left(far, last, begin))
            return far[at] if at < len(far) and far[at] < last and far_words[at] == word else ABSENT

        return find

    def _rank(self, places: np.ndarray) -> np.ndarray:
        """How many of `far` are below each place: int64 [places]. Of the same type, lest `far` be copied."""
        return np.searchsorted(self.far, places.astype(self.far.dtype))

    def fault(self) -> str | None:
        """What is wrong with arrays read from files, if anything."""
        if len(self.far) != len(self.far_words):
            return f"{len(self.far):,} places of {len(self.far_words):,} words"
        marked = int(np.count_nonzero(self.low == FAR))
        misplaced = marked != len(self.far) or (self.low.take(self.far, mode="clip") != FAR).any()
        if misplaced or (np.diff(self.far) <= 0).any():
            return "its places are not those of the words beyond 16 bits"
        return None
