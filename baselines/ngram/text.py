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
    """Read both texts. Raises UserError: a file that is missing, empty, not UTF-8 or holds `<s>`, `</s>`."""
    words = Words(end_of_line=True)
    with ThreadPoolExecutor(threads) as pool:
        numbers, counts = _numbers(train, words, pool)
        _refuse_reserved(train, words)
        types, unknown = len(counts), words.find(UNKNOWN)
        test_numbers, _ = _numbers(test, words, pool)
        ids = _ids_by_frequency(counts, unknown)
        for each in test_numbers:
            np.minimum(each, types, out=each)  # a word that training lacks
        return EncodedTexts(
            _sequence(numbers, ids, pool), _sequence(test_numbers, ids, pool), len(ids) - 1, int(ids[-1])
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


def _refuse_reserved(path: Path, words: Words) -> None:
    for token in (START, END):
        if words.find(token) is not None:
            raise UserError(f"{path} holds the word {token}, which marks sentences: give it another spelling")


def _ids_by_frequency(counts: np.ndarray, unknown: int | None) -> np.ndarray:
    """The id of each type, by falling count, and behind them that of any other word: of `<unk>`."""
    if unknown is None:
        unknown, counts = len(counts), np.append(counts, 0)
    ids = np.empty(len(counts), dtype=np.int32)
    ids[np.argsort(-counts, kind="stable")] = np.arange(len(counts), dtype=np.int32)
    return np.append(ids, ids[unknown])


def _sequence(numbers: list[np.ndarray], ids: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
    """Ids with `<s>` (the first id after those of words) before every sentence and at the end."""
    start = len(ids) - 1
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
