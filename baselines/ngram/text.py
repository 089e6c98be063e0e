"""A plain text as the sequence that counting reads: one sentence a line, words between whitespace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.corpus.document import FileDocument, Span, pieces
from benchmark.corpus.streaming import Words
from benchmark.corpus.vocabulary import END, UNKNOWN
from benchmark.errors import UserError

START = "<s>"
_END_NUMBER = 0  # the type number of `</s>`


@dataclass(frozen=True)
class EncodedTexts:
    """A training and a test text over the words of the first, `</s>` and `<unk>`, most frequent first.

    Both are int32 and have `<s>` (the id `words`) before every sentence and at the end; `unknown` is the
    id of `<unk>`.
    """

    train: np.ndarray
    test: np.ndarray
    words: int
    unknown: int


def encode_texts(train: Path, test: Path, threads: int) -> EncodedTexts:
    """Read both texts. Raises UserError: a file that is missing, empty, not UTF-8, or holds `<s>` or `</s>`."""
    words = Words(end_of_line=True)
    with ThreadPoolExecutor(threads) as pool:
        numbers, counts = _numbers(train, words, pool)
        types = words.types()
        _refuse_reserved(train, types[1:])
        test_numbers, _ = _numbers(test, words, pool)
        ids, unknown = _ids_by_frequency(counts, types)
        total = len(types) + (UNKNOWN not in types)
        return EncodedTexts(
            _sequence(numbers, ids, total, pool),
            _sequence([np.minimum(each, len(types)) for each in test_numbers], ids, total, pool),
            total,
            unknown,
        )


def _numbers(path: Path, words: Words, pool: ThreadPoolExecutor) -> tuple[list[np.ndarray], np.ndarray]:
    """Type numbers of a text piece by piece, and how often each type occurs."""
    numbers: list[np.ndarray] = []
    counts = np.zeros(1, dtype=np.int64)
    for piece in words.split(pieces([Span(FileDocument(path))]), pool.map):
        numbers.append(piece.numbers)
        seen = np.bincount(piece.numbers, minlength=len(counts))
        seen[: len(counts)] += counts
        counts = seen
    if not numbers:
        raise UserError(f"{path} is empty: give a text of one sentence a line")
    return numbers, counts


def _refuse_reserved(path: Path, types: list[str]) -> None:
    for token in (START, END):
        if token in types:
            raise UserError(
                f"{path} holds the word {token}, which marks sentences here: give it another spelling"
            )


def _ids_by_frequency(counts: np.ndarray, types: list[str]) -> tuple[np.ndarray, int]:
    """The id of each type, then of any other word; and the id of `<unk>`."""
    if UNKNOWN not in types:
        counts = np.append(counts, 0)
    ids = np.empty(len(counts) + 1, dtype=np.int32)
    ids[np.argsort(-counts, kind="stable")] = np.arange(len(counts), dtype=np.int32)
    unknown = int(ids[types.index(UNKNOWN) if UNKNOWN in types else -2])
    ids[-1] = unknown
    ids[len(types) :] = unknown
    return ids, unknown


def _sequence(numbers: list[np.ndarray], ids: np.ndarray, start: int, pool: ThreadPoolExecutor) -> np.ndarray:
    """Ids with `<s>` (the id `start`) before every sentence and at the end."""
    sentences = [np.flatnonzero(each == _END_NUMBER) for each in numbers]
    begins = np.cumsum([1, *(len(each) + len(ends) for each, ends in zip(numbers, sentences, strict=True))])
    sequence = np.empty(int(begins[-1]), dtype=np.int32)
    sequence[0] = start

    def fill(index: int) -> None:
        each, ends = numbers[index], sentences[index]
        here = sequence[begins[index] : begins[index + 1]]
        marks = ends + np.arange(1, len(ends) + 1)
        is_word = np.ones(len(here), dtype=bool)
        is_word[marks] = False
        here[is_word] = ids.take(each, mode="clip")
        here[marks] = start

    for _ in pool.map(fill, range(len(numbers))):
        pass
    return sequence
