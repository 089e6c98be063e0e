"""Word classes with the most mutual information between adjacent classes: Brown clustering by exchange.

A class bigram model p(w | v) = p(c(w) | c(v)) · p(w | c(w)) gives its training text the log-likelihood

    L = Σ_{g,h} f(N(g, h)) − Σ_g f(N(g, ·)) − Σ_h f(N(·, h)) + Σ_w f(N(w)),    f(n) = n ln n,

N(g, h) how often class h follows class g. Up to constants this is the average mutual information of adjacent
classes (Brown et al. 1992, eq. 10). The exchange algorithm (Kneser & Ney 1993; Martin, Liermann & Ney 1998,
sec. 2.3) visits the words by frequency and moves each to the class where L is largest, until a sweep moves
almost no word. L never falls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: A sweep that moves a smaller share of the words is the last.
_SETTLED = 0.001


@dataclass(frozen=True)
class Bigrams:
    """`counts` [n] of the pairs `left` [n], `right` [n]: word ids, on the left also `<s>` (id `words`)."""

    left: np.ndarray
    right: np.ndarray
    counts: np.ndarray
    words: int


def cluster(
    bigrams: Bigrams,
    classes: int,
    alone: list[int],
    sweeps: int,
    visited: Callable[[int, float], None] = lambda moved, likelihood: None,
) -> np.ndarray:
    """The class of each word: int64 [words], below `classes`.

    Each word of `alone` has a class to itself. At first each of the most frequent words has a class, and all
    others share the last one (Martin, Liermann & Ney 1998). `visited(moved, likelihood)` is called after each
    of at most `sweeps` sweeps.
    """
    frequency = np.bincount(bigrams.right, weights=bigrams.counts, minlength=bigrams.words)
    ranked = np.argsort(-frequency, kind="stable")
    free = ranked[~np.isin(ranked, alone)]
    class_of = np.empty(bigrams.words, dtype=np.int64)
    class_of[alone] = np.arange(len(alone))
    class_of[free] = np.minimum(len(alone) + np.arange(len(free)), classes - 1)
    if len(alone) + len(free) <= classes:
        return class_of
    exchange = Exchange(bigrams, class_of, classes, first=len(alone))
    for _ in range(sweeps):
        moved = sum(exchange.visit(word) for word in free.tolist())
        visited(moved, exchange.likelihood())
        if moved <= _SETTLED * len(free):
            break
    return np.unique(exchange.class_of, return_inverse=True)[1]  # numbered without the empty ones


class Exchange:
    """A clustering that moves one word at a time. Classes below `first` do not change.

    `counts` float64 [K, K] holds N(g, h), with K − 1 the class of `<s>`; `terms` holds f of it. Both are also
    kept transposed, so that a word needs only whole rows of them.
    """

    def __init__(self, bigrams: Bigrams, class_of: np.ndarray, classes: int, first: int) -> None:
        self.open = slice(first, classes)
        self.after = _Neighbours(bigrams.left, bigrams.right, bigrams.counts, bigrams.words)
        self.before = _Neighbours(bigrams.right, bigrams.left, bigrams.counts, bigrams.words)
        size = classes + 1
        self._class = np.append(class_of, classes)  # with `<s>`
        self.class_of = self._class[:-1]
        cells = self._class[bigrams.left] * size + self._class[bigrams.right]
        self.counts = np.bincount(cells, weights=bigrams.counts, minlength=size**2).reshape(size, size)
        self.transposed = self.counts.T.copy()
        self.terms, self.terms_transposed = _f(self.counts), _f(self.transposed)
        self.left, self.right = self.counts.sum(axis=1), self.counts.sum(axis=0)

    def likelihood(self) -> float:
        """L without its constant, nats."""
        return float(self.terms.sum() - _f(self.left).sum() - _f(self.right).sum())

    def visit(self, word: int) -> bool:
        """Put a word into the class where L is largest; whether that is another than before."""
        old = int(self.class_of[word])
        follows, itself = self.after.by_class(word, self._class)
        precedes, _ = self.before.by_class(word, self._class)
        self._add(old, -follows, -precedes, -itself)
        gains = self._gains(follows, precedes, itself)
        best = self.open.start + int(np.argmax(gains))
        if gains[old - self.open.start] >= gains[best - self.open.start] - 1e-9:
            best = old
        self._add(best, follows, precedes, itself)
        self.class_of[word] = best
        return best != old

    def _gains(self, follows: np.ndarray, precedes: np.ndarray, itself: float) -> np.ndarray:
        """How much L gains if the word joins each of the open classes: float64 [open classes]."""
        gains = _row_gains(self.transposed, self.terms_transposed, follows)
        gains += _row_gains(self.counts, self.terms, precedes)
        inner = np.diagonal(self.counts)
        both = _f(inner + follows + precedes + itself) + _f(inner)
        gains += both - _f(inner + follows) - _f(inner + precedes)
        gains -= _f(self.left + follows.sum() + itself) - _f(self.left)
        gains -= _f(self.right + precedes.sum() + itself) - _f(self.right)
        return gains[self.open]

    def _add(self, group: int, follows: np.ndarray, precedes: np.ndarray, itself: float) -> None:
        """Add a word's neighbours to those of a class; with minus signs, take them away."""
        self.counts[group] += follows
        self.counts[:, group] += precedes
        self.counts[group, group] += itself
        self.transposed[:, group] = self.counts[group]
        self.transposed[group] = self.counts[:, group]
        self.terms[group] = self.terms_transposed[:, group] = _f(self.counts[group])
        self.terms[:, group] = self.terms_transposed[group] = _f(self.transposed[group])
        self.left[group] += follows.sum() + itself
        self.right[group] += precedes.sum() + itself


class _Neighbours:
    """For each word, its neighbours on one side, and how often they occur there."""

    def __init__(self, words: np.ndarray, neighbours: np.ndarray, counts: np.ndarray, size: int) -> None:
        order = np.argsort(words, kind="stable")
        self.neighbours, self.counts = neighbours[order], counts[order].astype(np.float64)
        self.offsets = np.searchsorted(words[order], np.arange(size + 2)).tolist()

    def by_class(self, word: int, class_of: np.ndarray) -> tuple[np.ndarray, float]:
        """How often each class is next to `word`, without the word itself; and how often that is."""
        part = slice(self.offsets[word], self.offsets[word + 1])
        neighbours, counts = self.neighbours[part], self.counts[part]
        summed = np.bincount(class_of[neighbours], weights=counts, minlength=int(class_of[-1]) + 1)
        itself = float(counts[neighbours == word].sum())
        summed[class_of[word]] -= itself
        return summed, itself


def _row_gains(counts: np.ndarray, terms: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Σ_h f(counts[h, c] + added[h]) − f(counts[h, c]) for every c."""
    rows = np.flatnonzero(added)
    sums = counts[rows]
    sums += added[rows, None]
    return np.einsum("hc,hc->c", sums, np.log(sums)) - terms[rows].sum(axis=0)


def _f(counts: np.ndarray) -> np.ndarray:
    """n ln n, 0 for n = 0."""
    return counts * np.log(np.maximum(counts, 1))
