"""Measuring the text behind the targets of a split, from how often each of its types occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.corpus.marks import END, UNKNOWN
from benchmark.corpus.spelling import SpellingModel
from benchmark.corpus.stream import CodedText
from benchmark.corpus.vocabulary import Vocabulary


@dataclass(frozen=True)
class TypeSizes:
    """How long the text of each type is: int64 [types]; 0 for a `</s>` that marks the end of a line."""

    characters: np.ndarray
    bytes: np.ndarray

    @classmethod
    def of(cls, types: Sequence[str], *, end_first: bool) -> TypeSizes:
        """Those of words or characters, of which the first may be the mark at the ends of lines."""
        sizes = cls(
            np.array([len(token) for token in types], dtype=np.int64),
            np.array([len(token.encode()) for token in types], dtype=np.int64),
        )
        if end_first:
            sizes.characters[0] = sizes.bytes[0] = 0
        return sizes


class TextMeter:
    """Measures the splits of one corpus.

    The words that are `<unk>` are spelt by a model of the training split's rare words: those that are
    `<unk>` there, and those that occur once. Each counts as often as it occurs.
    """

    def __init__(
        self,
        types: Sequence[str],
        sizes: TypeSizes,
        in_train: np.ndarray,
        ids: np.ndarray,
        vocabulary: Vocabulary,
    ) -> None:
        """From every type of any split, its training count (int64 [types]) and its id (int64 [types])."""
        self._sizes = sizes
        self._literal = types.index(UNKNOWN) if UNKNOWN in types else None
        is_word = np.array([token not in (END, UNKNOWN) for token in types])
        unknown = np.zeros(len(types), dtype=bool)
        if vocabulary.unknown is not None:
            unknown = is_word & (ids == vocabulary.unknown)
        rare = (in_train > 0) & (unknown | (is_word & (in_train == 1)))
        self._bits = np.zeros(len(types))
        if unknown.any():
            learnt, spelt = np.flatnonzero(rare), np.flatnonzero(unknown)
            model = SpellingModel([types[number] for number in learnt.tolist()], in_train[learnt])
            self._bits[spelt] = model.bits([types[number] for number in spelt.tolist()])

    def measure(self, counts: np.ndarray, separators: int) -> CodedText:
        """Of a split, from the count of each of its types (int64, up to the last that occurs) and the
        number of spaces and newlines that stand between its tokens."""
        number = len(counts)
        literal = self._literal
        unspelt = literal is not None and literal < number and counts[literal] > 0
        return CodedText(
            characters=int(counts @ self._sizes.characters[:number]) + separators,
            bytes=int(counts @ self._sizes.bytes[:number]) + separators,
            spelling_bits=None if unspelt else float(counts @ self._bits[:number]),
        )
