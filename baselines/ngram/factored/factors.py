"""What stands at given distances before each target: the factors of its history."""

from __future__ import annotations

import numpy as np

from baselines.ngram.factored.table import ABSENT


def words_before(sequence: np.ndarray, distances: tuple[int, ...], start: int) -> np.ndarray:
    """The words at `distances` (ascending) before each position of a sequence: int64 [distances, positions].

    Where a distance reaches beyond a beginning, which `sequence` marks by `<s>` (the id `start`), it finds
    that `<s>`. What is farther than an `<s>` once found, or beyond a beginning that nothing marks, is ABSENT.
    """
    positions = np.arange(len(sequence))
    began = np.maximum.accumulate(np.where(sequence == start, positions, -1))
    words = np.full((len(distances), len(sequence)), ABSENT, dtype=np.int64)
    inside = np.ones(len(sequence), dtype=bool)
    for row, distance in zip(words, distances, strict=True):
        place = np.maximum(positions - distance, began)
        inside &= place >= 0
        row[inside] = sequence[place[inside]]
        inside &= row != start
    return words
