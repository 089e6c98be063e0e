"""The n-grams of one order as continuations of contexts: which words follow each, in ascending order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baselines.ngram.keys import ABSENT
from baselines.ngram.table.starts import Starts
from baselines.ngram.table.word_array import WordArray


@dataclass(frozen=True)
class Continuations:
    """n-grams listed context by context, and word by word in each.

    `words[i]` is the last word of n-gram i; those of context c (an (n−1)-gram) are
    `starts(c)` … `starts(c + 1)`, words ascending.
    """

    words: WordArray
    starts: Starts

    @classmethod
    def of(
        cls, contexts: np.ndarray, last_words: np.ndarray, number: int, vocabulary: int, packed: bool
    ) -> Continuations:
        """n-grams given by context (ascending, below `number`) and last word (ascending in each)."""
        starts = np.zeros(number + 1, dtype=np.int64)
        np.cumsum(np.bincount(contexts, minlength=number), out=starts[1:])
        return cls(WordArray.of(last_words, vocabulary), Starts.of(starts, packed))

    def __len__(self) -> int:
        return len(self.words)

    @property
    def nbytes(self) -> int:
        return self.words.nbytes + self.starts.nbytes

    def contexts(self) -> np.ndarray:
        """Context of each n-gram, ascending."""
        starts = self.starts.all()
        return np.repeat(np.arange(len(self.starts), dtype=starts.dtype), np.diff(starts))

    def of_contexts(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The n-grams that continue each of `contexts`, and for each its index in `contexts`."""
        first, count = self.starts.bounds(contexts)
        owner = np.repeat(np.arange(len(contexts)), count)
        before = np.cumsum(count, dtype=np.int64) - count
        return np.arange(len(owner)) + np.repeat(first - before, count), owner

    def find(self, contexts: np.ndarray, words: np.ndarray) -> np.ndarray:
        """The n-gram of each context (int64) followed by each word, or ABSENT: int64.

        Bisection among the continuations of each context, all at once. A word is no further along than
        its id, as ids ascend: frequent words, the lowest ids, take few steps. Searches are arranged by the
        steps they need, longest first, so that those still under way are always the leading ones.
        """
        found = np.full(len(contexts), ABSENT, dtype=np.int64)
        if not len(self) or not len(contexts):
            return found
        first, count = self.starts.bounds(contexts)
        np.minimum(count, words + 1, out=count, casting="same_kind")
        steps = _steps(count)
        order = np.argsort(steps, kind="stable")[::-1]  # 8-bit keys: a radix sort
        under_way = len(order) - np.cumsum(np.bincount(steps))  # those that need more than 0, 1, … steps
        at, left = first.take(order).astype(np.int64), count.take(order).astype(np.int64)
        sought = words.take(order).astype(self.words.dtype)
        some = left > 0
        for still in under_way[:-1]:
            half = left[:still] >> 1
            left[:still] -= half
            half *= self.words.take(at[:still] + half) <= sought[:still]
            at[:still] += half
        some &= self.words.take(at) == sought
        found[order] = (at + 1) * some - 1  # ABSENT is −1
        return found


def _steps(counts: np.ndarray) -> np.ndarray:
    """⌈log₂ count⌉, the halvings that leave one of `count` things (0 of none), or one too many: uint8.

    Read off the exponent of count − 1 as a float32, which rounding may carry to the next power of two.
    """
    exponents = np.maximum(counts - 1, 0).astype(np.float32).view(np.int32) >> 23
    return np.maximum(exponents - 126, 0).astype(np.uint8)
