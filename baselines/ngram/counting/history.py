"""The history of a target: where it begins, and how `<s>` marks the beginning.

`sentence`: a history begins after the last `</s>`, and is marked by one `<s>` (id `len(vocabulary)`), in
training as in scoring. `stream`: a history continues across `</s>`. In training its only beginning is marked
by `<s>`, so that every n-gram is preceded by something. In scoring, the place before the first token of a
stream is treated like the place after a `</s>`, as the contract requires; without a `</s>` in the vocabulary
it has no history, because the only beginning seen in training says nothing about another one.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np

from baselines.ngram.sorting import files
from benchmark.contract import Context, Vocabulary, after_last_end

_BLOCK = 1 << 20  # tokens marked at a time


def training_sequence(
    ids: np.ndarray, vocabulary: Vocabulary, context: Context, most: int | None = None
) -> np.ndarray:
    """`ids` [tokens] with `<s>` inserted where histories begin: int32.

    A sequence of more than `most` tokens is a mapped file (see `text_in_memory`).
    """
    blocks = [slice(begin, begin + _BLOCK) for begin in range(0, max(1, len(ids)), _BLOCK)]
    marks = sum(len(_beginnings_in(ids, some, vocabulary, context)) for some in blocks)
    length, done = len(ids) + marks, 0
    in_file = most is not None and length > most
    sequence = files.new_array(length) if in_file else np.empty(length, dtype=np.int32)
    for some in blocks:
        before = _beginnings_in(ids, some, vocabulary, context)
        marked = np.insert(ids[some].astype(np.int32), before, len(vocabulary))
        sequence[done : done + len(marked)] = marked
        done += len(marked)
        files.forget(sequence, ids)
    return sequence


def scoring_sequence(
    ids: np.ndarray, vocabulary: Vocabulary, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """`ids` [tokens] with a mark inserted where histories begin (int32), and a mask of the targets (bool)."""
    opening = _opening(vocabulary, context)
    if not len(opening):
        return ids.astype(np.int32), np.ones(len(ids), dtype=bool)
    before = _beginnings(ids, vocabulary, context)
    sequence = np.insert(ids.astype(np.int32), before, opening[0])
    return sequence, np.insert(np.ones(len(ids), dtype=bool), before, False)


def recent(ids: np.ndarray, vocabulary: Vocabulary, context: Context, longest: int) -> np.ndarray:
    """The last `longest` tokens of the history after the ids `ids`, or fewer: int64."""
    tail = np.asarray(ids[max(0, len(ids) - longest) :], dtype=np.int64)
    if _by_sentence(vocabulary, context):
        tail = after_last_end(tail, vocabulary)
    if len(tail) < longest:
        tail = np.concatenate([_opening(vocabulary, context), tail])
    return tail


def _by_sentence(vocabulary: Vocabulary, context: Context) -> bool:
    match context:
        case "sentence":
            return vocabulary.end is not None
        case "stream":
            return False
        case _:
            assert_never(context)


def _opening(vocabulary: Vocabulary, context: Context) -> np.ndarray:
    """What scoring inserts before the first token of a history: one id, or none."""
    if vocabulary.end is None:
        return np.array([], dtype=np.int64)
    match context:
        case "sentence":
            before = len(vocabulary)  # `<s>`
        case "stream":
            before = vocabulary.end
        case _:
            assert_never(context)
    return np.array([before])


def _beginnings_in(ids: np.ndarray, some: slice, vocabulary: Vocabulary, context: Context) -> np.ndarray:
    """Positions of the first token of each history in the slice, from its start: int64, ascending."""
    if not some.start:
        return _beginnings(ids[some], vocabulary, context)
    if not _by_sentence(vocabulary, context):
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(ids[some.start - 1 : some.stop - 1][: len(ids[some])] == vocabulary.end)


def _beginnings(ids: np.ndarray, vocabulary: Vocabulary, context: Context) -> np.ndarray:
    """Positions of the first token of each history: int64, ascending."""
    if not len(ids) or not _by_sentence(vocabulary, context):
        return np.zeros(1, dtype=np.int64)
    return np.concatenate([[0], np.flatnonzero(ids[:-1] == vocabulary.end) + 1])
