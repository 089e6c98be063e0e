"""Who numbers the words of a text: NumPy, or machine code where there is some. Both give the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from baselines.ngram.loops.load import Loops
from benchmark.corpus.token_numbering import WordTokens

_BLOCK = 1 << 20  # tokens
_END_NUMBER = 0  # the type number of `</s>`


class WordNumberer(Protocol):
    """Numbers the words of texts from 1; number 0 is `</s>`, the end of each line."""

    def numbers(self, pieces: Iterable[bytes], each: Callable[..., Iterable[Any]]) -> Iterator[np.ndarray]:
        """The numbers of a text, a piece at a time: int32. `each`, say a thread pool's `map`, may be used.

        Raises HashCollision, after which it is of no use.
        """

    def counts(self) -> np.ndarray:
        """How often each type occurs in the last text: int64 [types]."""

    def find(self, word: str) -> int | None:
        """The number of a word of at most eight bytes that occurs in the texts."""

    def types(self) -> list[str]:
        """The types in order of number."""

    def put_ids(self, numbers: np.ndarray, ids: np.ndarray, start: int, sequence: np.ndarray) -> None:
        """Write the ids of a text to the front of `sequence` int32, with `start` behind each line.

        `ids` int32 has that of each type, and last that of any other.
        """


def word_numberer(loops: Loops | None, multiplier: int) -> WordNumberer:
    """One for the words of a text. `multiplier` hashes long words."""
    if loops is None:
        return ArrayWords(multiplier)
    from baselines.ngram.counting.compiled_words import CompiledWords

    return CompiledWords(loops, multiplier)


class ArrayWords:
    """By NumPy."""

    def __init__(self, multiplier: int) -> None:
        self._words = WordTokens(end_of_line=True, multiplier=multiplier)
        self._counts = np.zeros(1, dtype=np.int64)

    def numbers(self, pieces: Iterable[bytes], each: Callable[..., Iterable[Any]]) -> Iterator[np.ndarray]:
        counts, waiting, tokens = np.zeros(1, dtype=np.int64), list[np.ndarray](), 0
        for piece in self._words.split(pieces, each):
            yield piece.numbers
            waiting.append(piece.numbers)
            tokens += len(piece.numbers)
            if tokens > _BLOCK:  # every time, the counts of all types are gone through
                counts, waiting, tokens = _counted(counts, waiting), [], 0
        self._counts = _counted(counts, waiting)

    def counts(self) -> np.ndarray:
        return self._counts

    def find(self, word: str) -> int | None:
        return self._words.find(word)

    def types(self) -> list[str]:
        return self._words.types()

    def put_ids(self, numbers: np.ndarray, ids: np.ndarray, start: int, sequence: np.ndarray) -> None:
        ends = np.flatnonzero(numbers == _END_NUMBER)
        here = sequence[: len(numbers) + len(ends)]
        marks = ends + np.arange(1, len(ends) + 1)
        is_word = np.ones(len(here), dtype=bool)
        is_word[marks] = False
        here[is_word] = ids.take(numbers, mode="clip")  # a number beyond the types: a word training lacks
        here[marks] = start


def _counted(counts: np.ndarray, numbers: list[np.ndarray]) -> np.ndarray:
    """The counts of types, with those of more tokens."""
    seen = np.bincount(np.concatenate([*numbers, np.empty(0, dtype=np.int32)]), minlength=len(counts))
    seen[: len(counts)] += counts
    return seen
