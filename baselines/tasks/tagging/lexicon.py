"""The tags of a word: those that it was seen with, and guesses by its last letters."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Literal

import numpy as np

from baselines.tasks.symbols import Symbols


def capital(word: str) -> str:
    """Whether a word begins with a capital letter, as a mark."""
    return "A" if word[:1].isupper() else "a"


def shape(word: str) -> str:
    """Kinds of letters in a word, each run of a kind once: `A` capitals, `a` others, `0` digits, else the
    sign."""
    kinds = ["A" if c.isupper() else "a" if c.isalpha() else "0" if c.isdigit() else c for c in word]
    return "".join(kind for place, kind in enumerate(kinds) if kind != kinds[place - 1] or not place)[:8]


Shapes = Literal["none", "capital", "shape"]
_SHAPES = {"none": lambda word: "", "capital": capital, "shape": shape}


class Lexicon:
    """P(t | w, k): the tags of a word w in a class k, such as its part of speech.

    With f(w, k) the number of times it was seen and κ the `guess_weight`,

        P(t | w, k) = (f(t, w, k) + κ G(t | w, k)) / (f(w, k) + κ),

    and G itself for a pair that was never seen. With κ = 0 a word has the tags that it was seen with. G
    follows Brants (2000, section 2.3): from P(t | k) on to the word's shape and its last letter, its last
    two letters and so on up to `suffix_length`, as long as a rare word has that suffix,

        P(t | suffix of i letters) = (f(t, suffix) / f(suffix) + θ P(t | suffix of i − 1 letters)) / (1 + θ),

    θ = `theta` or, if that is None, the standard deviation of P(t) over the tags. With a `suffix_weight` m,
    the shorter suffix counts for m occurrences of the longer one, so that one that was seen often is trusted
    more: (f(t, suffix) + m P(t | shorter suffix)) / (f(suffix) + m). Rare are words that occur `rare` times
    or less. `shapes`: which words share suffixes: all, those with a capital and those without, or those of
    each shape.

    `rows` int [rows, 4] are class, word, tag and how often they occurred together. `words` numbers the words,
    and there are `tags` tags.
    """

    def __init__(
        self,
        rows: np.ndarray,
        words: Symbols,
        tags: int,
        *,
        suffix_length: int,
        rare: int,
        theta: float | None,
        suffix_weight: float | None,
        shapes: Shapes,
        guess_weight: float,
    ):
        self.rows, self._words, self._tags = rows, words, tags
        self._suffix_length, self._rare, self._guess_weight = suffix_length, rare, guess_weight
        self._suffix_weight = suffix_weight
        self._shape = _SHAPES[shapes]
        self.tag_shares = np.bincount(rows[:, 2], weights=rows[:, 3], minlength=tags) / rows[:, 3].sum()
        self.theta = (
            theta if theta is not None else float(np.std(self.tag_shares, ddof=1)) if tags > 1 else 1.0
        )
        self._seen: dict[tuple[int, int], np.ndarray] = {}
        self._of_class: dict[int, np.ndarray] = defaultdict(lambda: np.zeros(tags))
        for k, word, tag, times in rows.tolist():
            if (k, word) not in self._seen:
                self._seen[k, word] = np.zeros(tags)
            self._seen[k, word][tag] += times
            self._of_class[k][tag] += times
        self._suffixes = self._count_suffixes()
        self._guesses: dict[tuple[int, str, str], np.ndarray] = {}

    def _count_suffixes(self) -> dict[tuple[int, str, str], np.ndarray]:
        counts: dict[tuple[int, str, str], np.ndarray] = defaultdict(lambda: np.zeros(self._tags))
        frequency = np.bincount(self.rows[:, 1], weights=self.rows[:, 3], minlength=len(self._words))
        for k, word, tag, times in self.rows[frequency[self.rows[:, 1]] <= self._rare].tolist():
            name = self._words.names[word]
            kind = self._shape(name)
            for length in range(min(self._suffix_length, len(name)) + 1):
                counts[k, kind, name[len(name) - length :]][tag] += times
        return dict(counts)

    def of_class(self, k: int) -> np.ndarray:
        """P(t | k) = (f(t, k) + P(t)) / (f(k) + 1): float64 [tags]. P(t) where there is only one class."""
        if len(self._of_class) == 1 or k not in self._of_class:
            return self.tag_shares
        seen = self._of_class[k]
        return (seen + self.tag_shares) / (seen.sum() + 1)

    def guess(self, word: str, k: int) -> np.ndarray:
        """G(t | w, k): float64 [tags]."""
        p, kind = self.of_class(k), self._shape(word)
        for length in range(min(self._suffix_length, len(word)) + 1):
            key = (k, kind, word[len(word) - length :])
            if (seen := self._suffixes.get(key)) is None:
                break
            if key not in self._guesses:
                weight = self._suffix_weight if self._suffix_weight is not None else self.theta * seen.sum()
                self._guesses[key] = (seen + weight * p) / (seen.sum() + weight)
            p = self._guesses[key]
        return p

    def posterior(self, word: str, k: int) -> np.ndarray:
        """P(t | w, k): float64 [tags]."""
        seen = self._seen.get((k, self._words.number(word)))
        if seen is None:
            return self.guess(word, k)
        weight = self._guess_weight
        if not weight:
            return seen / seen.sum()
        return (seen + weight * self.guess(word, k)) / (seen.sum() + weight)

    def log_likelihood(self, word: str, k: int) -> np.ndarray:
        """ln P(t | w, k) / P(t | k), which is ln p(w | t, k) up to what is the same for all tags: float64
        [tags]."""
        with np.errstate(divide="ignore"):
            return np.log(self.posterior(word, k)) - np.log(self.of_class(k))

    @cached_property
    def entries(self) -> int:
        """Stored pairs of a tag with a word, and with a suffix."""
        return len(self.rows) + sum(int((seen > 0).sum()) for seen in self._suffixes.values())
