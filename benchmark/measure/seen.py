"""How much of the history of each target the training text has shown before it."""

from __future__ import annotations

import numpy as np

from benchmark.corpus.stream import TokenStream, line_blocks

#: Positions of the training text looked up at a time.
BLOCK = 1 << 20
ABSENT = -1


def longest_seen(train: TokenStream, test: TokenStream, longest: int = 5) -> np.ndarray:
    """For each test target, n of the longest n-gram in the training text that ends with it: int8 [targets].

    0 stands for a target that training lacks. An n-gram lies within a line and may begin with the line's
    start, which counts as one token, so the first target of a line reaches 2 at most. `longest` is the
    greatest n that is looked for.
    """
    start = len(test.vocabulary)
    sequence, is_target = _with_starts(test.ids, test.lines, start)
    places = np.arange(len(sequence))
    in_line = places - np.maximum.accumulate(np.where(sequence == start, places, 0))
    levels, indices = [np.arange(start + 1)], [sequence]
    for n in range(2, longest + 1):
        numbers = _extended(indices[-1], sequence, start)
        numbers[in_line < n - 1] = ABSENT
        levels.append(np.unique(numbers[numbers != ABSENT]))
        indices.append(_index(levels[-1], numbers))
    result = np.zeros(len(sequence), dtype=np.int8)
    for n, (index, known) in enumerate(zip(indices, _seen(train, levels, start), strict=True), start=1):
        result[(index != ABSENT) & np.append(known, False)[index]] = n
    return result[is_target]


def _with_starts(ids: np.ndarray, lines: np.ndarray, start: int) -> tuple[np.ndarray, np.ndarray]:
    """The ids with the symbol `start` before each line, int64, and where the ids are among them."""
    starts = np.asarray(lines[:-1], dtype=np.int64)
    sequence = np.insert(np.asarray(ids, dtype=np.int64), starts, start)
    is_target = np.ones(len(sequence), dtype=bool)
    is_target[starts + np.arange(len(starts))] = False
    return sequence, is_target


def _extended(shorter: np.ndarray, sequence: np.ndarray, start: int) -> np.ndarray:
    """A number for the (n + 1)-gram that ends at each place, from the index of its first n words."""
    before = np.append(ABSENT, shorter[:-1])
    return np.where(before == ABSENT, ABSENT, before * (start + 1) + sequence)


def _seen(train: TokenStream, levels: list[np.ndarray], start: int) -> list[np.ndarray]:
    """Whether the training text has each n-gram, by order: bool [n-grams]."""
    seen = [np.zeros(len(keys), dtype=bool) for keys in levels]
    for first, stop in line_blocks(train.lines, BLOCK):
        lines = train.lines[first : stop + 1]
        ids = train.ids[lines[0] : lines[-1]]
        sequence, _ = _with_starts(ids, lines - lines[0], start)
        index = sequence
        seen[0][index] = True
        for keys, marks in zip(levels[1:], seen[1:], strict=True):
            index = _index(keys, _extended(index, sequence, start))
            marks[index[index != ABSENT]] = True
    return seen


def _index(keys: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The index of each number among ascending keys, ABSENT for those that are not there."""
    result = np.full(len(numbers), ABSENT, dtype=np.int64)
    if len(keys):
        alive = np.flatnonzero(numbers != ABSENT)
        found = np.searchsorted(keys, numbers[alive])
        there = keys.take(found, mode="clip") == numbers[alive]
        result[alive[there]] = found[there]
    return result
