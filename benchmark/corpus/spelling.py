"""What it costs to spell a word: a character n-gram model, which charges for the targets that are `<unk>`.

A word-level model gives `<unk>` one probability, whatever word stands behind it. That is no code of the text
until the word is spelt as well; without the charge, a smaller vocabulary always looks better. So Brown et
al. (1992, "An estimate of an upper bound for the entropy of English", section 3) let an unknown token
account for any spelling, through a model of characters. Here it is a character n-gram, interpolated as by
Witten and Bell (1991, method C). With h' for the history h without its first character,

    p(c | h) = (n(hc) + t(h) · p(c | h')) / (n(h) + t(h)),

where n(h) says how often a character follows h, and t(h) how many different ones do. Histories begin with
the word. Below the unigram is the uniform distribution over the characters that occur, the end of the word
and an escape; the escape is shared equally by all code points of Unicode that do not occur.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: The n of the character n-gram. Of 3 to 10, 7 spells the unknown words of the validation text of the State
#: of the Union at the least cost, or within 1% of it, for vocabularies of 100 to 20,000 words.
ORDER = 7
#: The code points that a text can contain: Unicode without the surrogates.
CODE_POINTS = 0x110000 - 0x800
#: Symbols beside the known characters: what stands before a word, what ends it, and any other character.
BEGIN, FINISH, OTHER, KNOWN = 0, 1, 2, 3


class SpellingModel:
    """A distribution over all words, the empty one included: their probabilities sum to one."""

    def __init__(self, words: Sequence[str], counts: np.ndarray, order: int = ORDER) -> None:
        """Learn from distinct words, and from how often each occurs (int64 [words])."""
        self._characters = np.unique(_code_points(words))
        self._symbols = KNOWN + len(self._characters)
        spelt = _spelt(words, self._characters)
        weights = np.repeat(np.asarray(counts, dtype=np.float64), spelt.lengths)
        self._levels: list[_Level] = []
        ids, at = np.zeros(len(spelt.predicted), dtype=np.int64), np.arange(len(spelt.predicted))
        histories = np.zeros(min(1, len(at)), dtype=np.int64)
        for length in range(order):
            if length:
                keys, at = self._longer(spelt, ids, at, length)
                histories, ids = np.unique(keys, return_inverse=True)
            following = ids * self._symbols + spelt.predicted[at]
            self._levels.append(_Level.counted(histories, following, weights[at], self._symbols))

    def bits(self, words: Sequence[str]) -> np.ndarray:
        """−log₂ p of each word, in bits: float64 [words]."""
        if not len(words):
            return np.zeros(0)
        spelt = _spelt(words, self._characters)
        p = np.full(len(spelt.predicted), 1 / (self._symbols - 1))  # of all symbols but BEGIN
        ids, at = np.zeros(len(p), dtype=np.int64), np.arange(len(p))
        for length, level in enumerate(self._levels):
            keys = ids
            if length:
                keys, at = self._longer(spelt, ids, at, length)
            ids = _find(level.histories, keys)
            ids, at = ids[ids >= 0], at[ids >= 0]
            p[at] = level.interpolated(ids, ids * self._symbols + spelt.predicted[at], p[at])
        bits = -np.log2(p)
        bits[spelt.predicted == OTHER] += np.log2(CODE_POINTS - len(self._characters))
        return np.add.reduceat(bits, np.cumsum(spelt.lengths) - spelt.lengths)

    def _longer(
        self, spelt: _Spelt, ids: np.ndarray, at: np.ndarray, length: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The keys of the histories of a length, and where they are.

        A key is made of the id of the history one shorter and the symbol before it. No history reaches
        beyond the beginning of its word.
        """
        inside = spelt.offsets[at] >= length - 1
        ids, at = ids[inside], at[inside]
        return ids * self._symbols + spelt.preceding(at, length), at


@dataclass(frozen=True)
class _Spelt:
    """Words as symbols, one after the other: the characters of each, then FINISH."""

    predicted: np.ndarray  # int64 [symbols]
    offsets: np.ndarray  # int64 [symbols]: how many characters of the word precede
    lengths: np.ndarray  # int64 [words]: characters, and one for FINISH

    def preceding(self, at: np.ndarray, distance: int) -> np.ndarray:
        """The symbols so far before some positions; BEGIN before the first character of a word."""
        first = self.offsets[at] == distance - 1
        return np.where(first, BEGIN, self.predicted[np.maximum(at - distance, 0)])


@dataclass(frozen=True)
class _Level:
    """The counts for histories of one length, each array in the order of its keys."""

    histories: np.ndarray  # keys, int64 [histories]
    occurrences: np.ndarray  # n(h), float64 [histories]
    different: np.ndarray  # t(h), int64 [histories]
    ngrams: np.ndarray  # keys: id of the history · symbols + character, int64 [n-grams]
    counts: np.ndarray  # n(hc), float64 [n-grams]

    @classmethod
    def counted(
        cls, histories: np.ndarray, following: np.ndarray, weights: np.ndarray, symbols: int
    ) -> _Level:
        ngrams, places = np.unique(following, return_inverse=True)
        counts = np.bincount(places, weights=weights, minlength=len(ngrams))
        owners = ngrams // symbols
        occurrences = np.bincount(owners, weights=counts, minlength=len(histories))
        return cls(histories, occurrences, np.bincount(owners, minlength=len(histories)), ngrams, counts)

    def interpolated(self, ids: np.ndarray, ngrams: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """p(c | h), from the ids of the histories, the keys of the n-grams and p(c | h')."""
        places = _find(self.ngrams, ngrams)
        counts = np.where(places >= 0, self.counts[places], 0.0) if len(self.counts) else np.zeros(len(ids))
        different = self.different[ids]
        result: np.ndarray = (counts + different * shorter) / (self.occurrences[ids] + different)
        return result


def _code_points(words: Sequence[str]) -> np.ndarray:
    return np.frombuffer("".join(words).encode("utf-32-le"), dtype="<u4")


def _spelt(words: Sequence[str], characters: np.ndarray) -> _Spelt:
    """The words as symbols; `characters` are the known ones, in order."""
    lengths = np.array([len(word) + 1 for word in words], dtype=np.int64)
    ends = np.cumsum(lengths)
    predicted = np.full(int(lengths.sum()), FINISH, dtype=np.int64)
    is_character = np.ones(len(predicted), dtype=bool)
    is_character[ends - 1] = False
    places = _find(characters, _code_points(words))
    predicted[is_character] = np.where(places >= 0, KNOWN + places, OTHER)
    offsets = np.arange(len(predicted)) - np.repeat(ends - lengths, lengths)
    return _Spelt(predicted, offsets, lengths)


def _find(known: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The place of each key in an ordered array, or −1 where it is not there: int64 [keys]."""
    if not len(known):
        return np.full(len(keys), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, places, -1)
