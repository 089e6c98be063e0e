"""The n-grams of one order as continuations of contexts: which words follow each, in ascending order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baselines.ngram.table.ids import index_type
from baselines.ngram.table.offsets import Offsets
from baselines.ngram.table.word_array import FAR, WordArray

#: The last order whose starts are held at full width: single words are contexts of every token.
FULL_WIDTH = 2
_BLOCK = 1 << 20  # n-grams whose contexts are counted at a time


@dataclass(frozen=True)
class Continuations:
    """n-grams listed context by context, and word by word in each.

    `words[i]` is the last word of n-gram i; those of context c (an (n−1)-gram) are
    `starts(c)` … `starts(c + 1)`, words ascending.
    """

    words: WordArray
    starts: Offsets

    @classmethod
    def of(cls, contexts: np.ndarray, last_words: np.ndarray, number: int, packed: bool) -> Continuations:
        """n-grams given by context (ascending, below `number`) and last word (ascending in each)."""
        starts = np.zeros(number + 1, dtype=index_type(len(contexts)))
        for begin in range(0, len(contexts), _BLOCK):  # in little memory
            block = contexts[begin : begin + _BLOCK]
            low, high = int(block[0]), int(block[-1])
            starts[low + 1 : high + 2] += np.bincount(block - low).astype(starts.dtype)
        np.cumsum(starts, out=starts)
        return cls(WordArray.of(last_words), Offsets.of(starts, packed))

    def __len__(self) -> int:
        return len(self.words)

    @property
    def nbytes(self) -> int:
        return self.words.nbytes + self.starts.nbytes

    def contexts(self) -> np.ndarray:
        """Context of each n-gram, ascending."""
        every = np.arange(len(self.starts), dtype=index_type(len(self.starts)))
        return np.repeat(every, self.starts.counts())

    def of_contexts(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The n-grams that continue each of `contexts`, and for each its index in `contexts`."""
        first, count = self.starts.bounds(contexts)
        owner = np.repeat(np.arange(len(contexts)), count)
        before = np.cumsum(count, dtype=np.int64) - count
        return np.arange(len(owner)) + np.repeat(first - before, count), owner

    def find(self, contexts: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which of some contexts (int64) followed by some words (int32, or −1 for none) are n-grams.

        The indices of those that are, their ids, and the indices of those that are not.

        Bisection among the continuations of each context, all at once. A word is no further along than
        its id, as ids ascend: frequent words, the lowest ids, take few steps. Searches are arranged by the
        looks they need, most first, so that those still under way are always the leading ones.
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
        if len(self.words.far):
            far = np.flatnonzero(equal & (sought == FAR))
            which = some.take(far)
            at[far] = self.words.find_far(first.take(which), at.take(far), words.take(which))
            equal[far] = at.take(far) >= 0
        found, missing = np.flatnonzero(equal), np.flatnonzero(~equal)
        return some.take(found), at.take(found), np.concatenate([order[longer[0] :], some.take(missing)])


def _looks(counts: np.ndarray) -> np.ndarray:
    """1 + ⌈log₂ count⌉, how many looks it takes to find one of `count` things, or one more; 0 of none: uint8.

    Read off the exponent of 2 count − 1 as a float32, which rounding may carry to the next power of two.
    """
    exponents = np.maximum(2 * counts - 1, 0).astype(np.float32).view(np.int32) >> 23
    return np.maximum(exponents - 126, 0).astype(np.uint8)
