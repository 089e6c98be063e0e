"""Pairs of words that stand some way apart in a text, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.contract import RunLog

#: Counts that are held at a time, for a part of the triggers.
_CELLS = 1 << 25


@dataclass(frozen=True)
class Pairs:
    """P(w | v) of each trigger v: the `shares` of the `words` of its pairs, plus `rest` times the unigrams.

    The pairs of v are `begins[v]` to `begins[v + 1]`. `information` is that of each trigger, in nats.
    """

    begins: np.ndarray
    words: np.ndarray
    shares: np.ndarray
    rest: np.ndarray
    information: np.ndarray

    def of(self, trigger: int) -> tuple[np.ndarray, np.ndarray]:
        """Words int32 [pairs] and shares float32 [pairs]."""
        pairs = slice(self.begins[trigger], self.begins[trigger + 1])
        return self.words[pairs], self.shares[pairs]

    def __len__(self) -> int:
        return len(self.words)

    @property
    def nbytes(self) -> int:
        """In memory."""
        return sum(array.nbytes for array in vars(self).values())


def counted_pairs(
    ids: np.ndarray,
    unigrams: np.ndarray,
    weights: np.ndarray,
    end: int | None,
    prior: float,
    least: float,
    log: RunLog,
) -> Pairs:
    """The pairs of a text: a word d tokens after another adds `weights`[d − 1] to their count.

    With `end`, no pair goes beyond that token. Counts below `least` are dropped; `prior` times the
    unigrams is added to those of each trigger.
    """
    ids = ids.astype(np.int64)
    vocabulary = len(unigrams)
    places = np.argsort(ids, kind="stable")  # those of a trigger lie together
    begins = np.searchsorted(ids[places], np.arange(vocabulary + 1))
    last = _last_places(ids, end)
    parts = []
    size = max(1, _CELLS // vocabulary)
    for first in range(0, vocabulary, size):
        behind = min(first + size, vocabulary)
        own = places[begins[first] : begins[behind]]
        counts = _counts(ids, own, last, weights, first, behind - first, vocabulary)
        parts.append(_shares(counts, unigrams, prior, least))
        log.progress(int(begins[behind]), len(ids))
    pairs, words, shares, rest, information = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Pairs(np.concatenate([[0], np.cumsum(pairs)]), words, shares, rest, information)


def _last_places(ids: np.ndarray, end: int | None) -> np.ndarray:
    """The last place that a pair may reach from each place: int64 [tokens]."""
    if end is None:
        return np.full(len(ids), len(ids) - 1)
    ends = np.append(np.flatnonzero(ids == end), len(ids) - 1)
    last = ends[np.searchsorted(ends[:-1], np.arange(len(ids)))]
    last[ids == end] = -1  # it begins no pair: its line is over
    return last


def _counts(
    ids: np.ndarray,
    places: np.ndarray,
    last: np.ndarray,
    weights: np.ndarray,
    first: int,
    triggers: int,
    vocabulary: int,
) -> np.ndarray:
    """C of the triggers from `first` on, which stand at `places`: float32 [triggers, vocabulary]."""
    counts = np.zeros(triggers * vocabulary, dtype=np.float32)
    for distance, weight in enumerate(weights.tolist(), 1):
        if weight:
            places = places[places + distance <= last[places]]
            np.add.at(counts, (ids[places] - first) * vocabulary + ids[places + distance], np.float32(weight))
    return counts.reshape(triggers, vocabulary)


def _shares(
    counts: np.ndarray, unigrams: np.ndarray, prior: float, least: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """How many pairs each trigger has, their words and shares, and each trigger's rest and information."""
    kept = (counts >= least) & (counts > 0)
    trigger, words = np.nonzero(kept)
    counted = counts[trigger, words].astype(np.float64)
    triggers = len(counts)

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(trigger, weights=values, minlength=triggers).astype(np.float64)

    total = summed(counted) + prior
    shares, rest = counted / total[trigger], prior / total
    p = shares + rest[trigger] * unigrams[words]
    elsewhere = 1 - summed(unigrams[words])  # words without a pair have `rest` times their unigram
    information = summed(p * np.log(p / unigrams[words])) + elsewhere * rest * np.log(rest)
    pairs = np.bincount(trigger, minlength=triggers)
    return pairs, words.astype(np.int32), shares.astype(np.float32), rest, np.maximum(information, 0)
