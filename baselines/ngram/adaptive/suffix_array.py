"""The suffix array of a text of integers, and the longest suffixes of histories that occur in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


def suffix_array(text: np.ndarray) -> np.ndarray:
    """The start of each suffix of `text`, in ascending order of the suffixes: int64 [length].

    The last number of `text` must be smaller than all others. By prefix doubling (Manber & Myers 1993):
    suffixes sorted by their first k numbers are sorted by their first 2k by the pair of ranks at i and at
    i + k. Only those that still tie are sorted again (Larsson & Sadakane 2007).
    """
    order = np.argsort(text, kind="stable")
    ties, first = _groups(text[order])
    rank = np.empty(len(text), dtype=np.int64)
    rank[order] = first  # suffixes that tie share the rank of the first of them
    width = 1
    while len(ties):
        suffixes = order[ties]
        keys = rank[suffixes] * len(text) + rank[suffixes + width]  # the smallest number ends all ties
        sorting = np.argsort(keys, kind="stable")
        order[ties] = suffixes[sorting]
        still, first = _groups(keys[sorting])
        rank[order[ties]] = ties[first]
        ties = ties[still]
        width *= 2
    return order


def _groups(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For sorted keys: the indices of those that occur more than once, and of the first equal key of each.

    Both int64, ascending.
    """
    begins = np.ones(len(keys), dtype=bool)
    begins[1:] = keys[1:] != keys[:-1]
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=len(keys))
    return np.flatnonzero(np.repeat(lengths > 1, lengths)), np.repeat(starts, lengths)


@dataclass(frozen=True)
class Matches:
    """Where the ends of histories occur in a text. int64 [histories] each.

    `length`: how many of the last tokens of a history were found. [`first`, `last`): the rows of the suffix
    array whose suffixes begin with these tokens and have a token after them.
    """

    length: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """How often the matched tokens occur with another token after them: int64 [histories]."""
        return self.last - self.first


@dataclass(frozen=True)
class SuffixIndex:
    """A text of words 0 … `words` (the last is `<s>`) that can be searched for any sequence of words.

    `text` int32 [tokens + 1] holds each word plus 1, then 0; `rows` int32, its suffix array.
    """

    text: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, sequence: np.ndarray) -> SuffixIndex:
        text = np.append(sequence + 1, 0).astype(np.int32)
        return cls(text, suffix_array(text).astype(np.int32 if len(text) < 2**31 else np.int64))

    @property
    def nbytes(self) -> int:
        return self.text.nbytes + self.rows.nbytes + self._preceding.nbytes

    @cached_property
    def _preceding(self) -> np.ndarray:
        """Sorted keys (number before the suffix) · length + row.

        The rows whose suffix begins with c, then with what the rows [a, b) begin with, are those from the
        key of (c, a) to that of (c, b): backward search (Ferragina & Manzini 2000), occurrences counted
        by binary search.
        """
        before = self.text[self.rows.astype(np.int64) - 1].astype(np.int64)
        before *= len(self.text)
        before += np.arange(len(self.text))
        before.sort()
        return before

    def longest_suffixes(self, sequence: np.ndarray, available: np.ndarray, longest: int) -> Matches:
        """For each place t of `sequence`, the longest suffix of the tokens before it that occurs in the text.

        A match is at most `available[t]` and at most `longest` tokens long, and has a token after it in the
        text. There is one step for each length, for all places whose match still grows.
        """
        size = len(sequence)
        length = np.zeros(size, dtype=np.int64)
        first, last = np.zeros(size, dtype=np.int64), np.full(size, len(self.text))
        first[:] = 1  # the empty match: all rows but that of the end
        places = np.flatnonzero(available > 0)
        low, high = np.zeros(len(places), dtype=np.int64), np.full(len(places), len(self.text))
        for n in range(1, longest + 1):
            keys = (sequence[places - n].astype(np.int64) + 1) * len(self.text)
            low = np.searchsorted(self._preceding, keys + low)
            high = np.searchsorted(self._preceding, keys + high)
            begin = low + self._ends_text(low, high, n)
            found = high > begin
            places, low, high, begin = places[found], low[found], high[found], begin[found]
            length[places], first[places], last[places] = n, begin, high
            more = available[places] > n
            places, low, high = places[more], low[more], high[more]
            if not len(places):
                break
        return Matches(length, first, last)

    def _ends_text(self, low: np.ndarray, high: np.ndarray, n: int) -> np.ndarray:
        """1 if the first of the rows [low, high) has nothing after its first n tokens, else 0: int64."""
        row = np.minimum(low, len(self.rows) - 1)
        after = np.minimum(self.rows[row].astype(np.int64) + n, len(self.text) - 1)
        return ((high > low) & (self.text[after] == 0)).astype(np.int64)

    def followed_by(self, matches: Matches, words: np.ndarray) -> np.ndarray:
        """How often each match is followed by its word in `words`: int64 [matches]."""
        return self._bound(matches, words + 1) - self._bound(matches, words)

    def _bound(self, matches: Matches, word: np.ndarray) -> np.ndarray:
        """The first row of each match whose next word is at least `word`, by bisection.

        The rows of a match are sorted by what follows it.
        """
        low, high = matches.first.copy(), matches.last.copy()
        places = np.flatnonzero(high > low)
        while len(places):
            middle = (low[places] + high[places]) // 2
            below = self.follower(middle, matches.length[places]) < word[places]
            low[places] = np.where(below, middle + 1, low[places])
            high[places] = np.where(below, high[places], middle)
            places = places[high[places] > low[places]]
        return low

    def follower(self, row: np.ndarray, length: np.ndarray) -> np.ndarray:
        """The word after the first `length` tokens of the suffix in each row."""
        return self.text[self.rows[row].astype(np.int64) + length] - 1
