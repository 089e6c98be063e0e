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
from itertools import pairwise

import numpy as np

#: A sweep that moves a smaller share of the words is the last.
_SETTLED = 0.001
#: Gains are tabled for neighbours that are seen up to so often.
_TABLED = 8
#: About so many neighbours belong to the words that are judged at once.
_NEIGHBOURS = 1024


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
        moved = exchange.visit(free)
        visited(moved, exchange.likelihood())
        if moved <= _SETTLED * len(free):
            break
    return np.unique(exchange.class_of, return_inverse=True)[1]  # numbered without the empty ones


class Exchange:
    """A clustering that changes by one word at a time. Classes below `first` do not change.

    `counts` int64 [2, K, K] holds N(g, h) at [0, g, h] and at [1, h, g], so that a neighbour on either side
    needs only whole rows; K − 1 is the class of `<s>`. `totals` [2, K] holds N(g, ·) and N(·, g). `gains`
    float64 [2, K, _TABLED + 1, K] holds what a cell n adds to L if it grows by x: f(n + x) − f(n), and f(n)
    for x = 0. Most neighbours are seen a few times, so most of what L gains is a sum of such rows.
    """

    def __init__(self, bigrams: Bigrams, class_of: np.ndarray, classes: int, first: int) -> None:
        self.open = slice(first, classes)
        self.neighbours = _Neighbours.of(bigrams)
        self.class_of = class_of.copy()
        self._class = np.append(class_of, classes)  # with `<s>`
        size = classes + 1
        cells = self._class[bigrams.left] * size + self._class[bigrams.right]
        counts = np.bincount(cells, weights=bigrams.counts, minlength=size**2).reshape(size, size)
        self.counts = np.stack([counts, counts.T]).astype(np.int64)
        self.totals = self.counts.sum(axis=2)
        self.gains = _f(self.counts[:, :, None] + np.arange(_TABLED + 1)[:, None])
        self.gains[:, :, 1:] -= self.gains[:, :, :1]

    def likelihood(self) -> float:
        """L without its constant, nats."""
        return float(_f(self.counts[0]).sum() - _f(self.totals).sum())

    def visit(self, words: np.ndarray) -> int:
        """Put one word after the other into the class where L is largest; how many changed their class.

        Several words are judged at once, as if none of them would move. Those after the first that does are
        judged again.
        """
        ends = np.cumsum(self.neighbours.number(words))
        first, moved, ahead = 0, 0, 1
        while first < len(words):
            enough = int(np.searchsorted(ends, ends[first] + _NEIGHBOURS, side="right"))
            some = words[first : min(first + ahead, enough)]
            beside, itself = self._beside(some), self.neighbours.itself[some]
            best = self._best(self.class_of[some], beside, itself)
            moves = np.flatnonzero(best != self.class_of[some])
            if len(moves):
                place = int(moves[0])
                self._move(int(some[place]), int(best[place]), beside[place], int(itself[place]))
                first, moved, ahead = first + place + 1, moved + 1, max(1, ahead // 2)
            else:
                first, ahead = first + len(some), 2 * ahead
        return moved

    def _beside(self, words: np.ndarray) -> np.ndarray:
        """How often each class precedes and follows each word, without the word itself: [words, 2, K]."""
        owner, side, neighbours, counts = self.neighbours.of_words(words)
        shape = len(words), 2, len(self.counts[0])
        cells = (2 * owner + side) * shape[2] + self._class[neighbours]
        summed = np.bincount(cells, weights=counts, minlength=2 * shape[0] * shape[2])
        return summed.astype(np.int64).reshape(shape)

    def _best(self, old: np.ndarray, beside: np.ndarray, itself: np.ndarray) -> np.ndarray:
        """The class where L is largest for each word, if all others stay: int64 [words]."""
        each = np.arange(len(old))
        gains = self._gains(old, beside, itself)[:, self.open]
        best = gains.argmax(axis=1)
        stays = gains[each, old - self.open.start] >= gains[each, best] - 1e-9
        return np.where(stays, old, self.open.start + best)

    def _gains(self, old: np.ndarray, beside: np.ndarray, itself: np.ndarray) -> np.ndarray:
        """How much L gains if a word, taken out of its class `old`, joins each class: float64 [words, K]."""
        each, across = np.arange(len(old)), beside[:, ::-1]
        within = beside[each, :, old]  # how often its class is next to the word
        rest = self.counts[:, old].swapaxes(0, 1) - across  # the cells of its class without the word
        rest[each, :, old] -= within + itself[:, None]
        terms = _f(rest)

        others = beside.copy()
        others[each, :, old] = 0
        gains = self._row_gains(others.reshape(len(old), -1))
        gains += (_f(rest + within[:, :, None]) - terms).sum(axis=1)
        gains[each, old] = (_f(rest + across) - terms).sum(axis=(1, 2))

        # a cell of two neighbours from one class grows by both at once, and by the word next to itself
        precedes, follows = beside[:, 0], beside[:, 1]
        word, group = (precedes * follows + itself[:, None]).nonzero()
        inner = np.where(group == old[word], rest[word, 0, group], self.counts[0, group, group])
        before, after = precedes[word, group], follows[word, group]
        both = _f(inner + before + after + itself[word]) + _f(inner)
        gains[word, group] += both - _f(inner + before) - _f(inner + after)

        number = across.sum(axis=2) + itself[:, None]
        totals = np.repeat(self.totals[None], len(old), axis=0)
        totals[each, :, old] -= number
        gains -= (_f(totals + number[:, :, None]) - _f(totals)).sum(axis=1)
        return gains

    def _row_gains(self, added: np.ndarray) -> np.ndarray:
        """Σ_r f(counts[r, c] + added[·, r]) − f(counts[r, c]) for every c: float64 [words, K].

        `added` [words, 2 K] says by how much the cells of each row grow.
        """
        counts = self.counts.reshape(added.shape[1], -1)
        gains = np.empty((len(added), counts.shape[1]))
        table = self.gains.reshape(-1, counts.shape[1])
        word, rows = added.nonzero()
        times = added[word, rows]
        few = times <= _TABLED
        grown = table.take((rows * (_TABLED + 1) + times)[few], axis=0)
        ends = np.searchsorted(word[few], np.arange(len(added) + 1)).tolist()
        for one, (first, last) in enumerate(pairwise(ends)):
            np.add.reduce(grown[first:last], axis=0, out=gains[one])
        for one in set(word[~few].tolist()):
            many = rows[(word == one) & ~few]
            gains[one] += _f(counts[many] + added[one, many, None]).sum(axis=0)
            gains[one] -= table.take(many * (_TABLED + 1), axis=0).sum(axis=0)
        return gains

    def _move(self, word: int, group: int, beside: np.ndarray, itself: int) -> None:
        """Put a word into another class."""
        old, across = int(self.class_of[word]), beside[::-1]
        for each, sign in ((old, -1), (group, 1)):
            self.counts[:, each] += sign * across
            self.counts[:, :, each] += sign * beside
            self.counts[:, each, each] += sign * itself
            self.totals[:, each] += sign * (across.sum(axis=1) + itself)
        self.class_of[word] = self._class[word] = group
        # only the cells of its neighbours have changed
        changed = beside.sum(axis=0) > 0
        changed[[old, group]] = True
        (columns,) = changed.nonzero()
        for each in (old, group):
            gains = _f(self.counts[:, each, columns, None] + np.arange(_TABLED + 1))
            gains[:, :, 1:] -= gains[:, :, :1]
            self.gains[:, each, :, columns] = gains.swapaxes(0, 1)
            self.gains[:, columns, :, each] = gains[::-1].swapaxes(0, 1)


@dataclass(frozen=True)
class _Neighbours:
    """The words before (side 0) and after (side 1) each word, with their counts, word by word.

    `itself` int64 [words] says how often a word follows itself, which is not among its neighbours.
    """

    offsets: np.ndarray
    sides: np.ndarray
    neighbours: np.ndarray
    counts: np.ndarray
    itself: np.ndarray

    @classmethod
    def of(cls, bigrams: Bigrams) -> _Neighbours:
        others = bigrams.left != bigrams.right
        left, right, counts = (each[others] for each in (bigrams.left, bigrams.right, bigrams.counts))
        owner = np.concatenate([right, left])
        order = np.argsort(owner, kind="stable")
        repeated = np.bincount(
            bigrams.left[~others], weights=bigrams.counts[~others], minlength=bigrams.words
        )
        return cls(
            np.searchsorted(owner[order], np.arange(bigrams.words + 1)),
            np.repeat([0, 1], len(left))[order],
            np.concatenate([left, right])[order],
            np.concatenate([counts, counts])[order].astype(np.float64),
            repeated.astype(np.int64),
        )

    def number(self, words: np.ndarray) -> np.ndarray:
        """How many neighbours each word has: int64 [words]."""
        numbers: np.ndarray = self.offsets[words + 1] - self.offsets[words]
        return numbers

    def of_words(self, words: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The neighbours of several words: index of the word, side, neighbour and count."""
        number = self.number(words)
        owner = np.repeat(np.arange(len(words)), number)
        place = np.arange(len(owner)) + (self.offsets[words] - np.cumsum(number) + number)[owner]
        return owner, self.sides[place], self.neighbours[place], self.counts[place]


#: n ln n of small n, which most counts are.
_TERMS = np.arange(1 << 16) * np.log(np.maximum(np.arange(1 << 16), 1))


def _f(counts: np.ndarray) -> np.ndarray:
    """n ln n, 0 for n = 0, of int64."""
    try:
        return _TERMS.take(counts)
    except IndexError:  # a count beyond the table
        terms: np.ndarray = counts * np.log(np.maximum(counts, 1))
        return terms
