"""From n-grams as rows of words to n-grams with the ids of their contexts and suffixes.

Input: the n-grams of each order, from 2 up, as rows of word ids, in any order.

Output: an `UnpackedOrder` for each order, from 1 up, sorted by context and then by last word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from baselines.ngram.table.ids import ABSENT
from baselines.ngram.table.unpacked import UnpackedOrder, find, with_implied


@dataclass(frozen=True)
class NgramRows:
    """n-grams of one length, in any order: `words` int64 [m, n], ids; ln p* and ln b, float64 [m]."""

    words: np.ndarray
    log_probs: np.ndarray
    log_backoffs: np.ndarray


class RepeatedNgram(Exception):
    """The n-gram of order `order` in row `row` has another row, too."""

    def __init__(self, order: int, row: int) -> None:
        super().__init__(f"{order}-gram in row {row}")
        self.order, self.row = order, row


def index_rows(
    unigrams: UnpackedOrder, rows: Sequence[NgramRows], wanted: Sequence[np.ndarray]
) -> list[UnpackedOrder]:
    """The n-grams of `rows` (orders 2, 3, …) above `unigrams`, which list every id.

    A context or suffix that the rows lack is added, and so are the n-grams of `wanted` (word ids as in the
    rows, for each order) if they are missing. They are added as implied n-grams, which change no probability.
    KenLM does the same for suffixes, and SRILM for contexts. Raises RepeatedNgram.
    """
    indexed = None
    if not any(map(len, wanted)):
        indexed = _index(unigrams, rows, [np.zeros(len(each.words), dtype=bool) for each in rows])
    if indexed is None:
        added = _missing(rows, wanted, len(unigrams))
        implied = [
            np.arange(len(each.words) + len(new)) >= len(each.words)
            for each, new in zip(rows, added, strict=True)
        ]
        indexed = _index(unigrams, list(map(_with, rows, added)), implied)
    assert indexed is not None, "an n-gram lacks its context or suffix"
    return indexed


def _index(
    unigrams: UnpackedOrder, rows: Sequence[NgramRows], implied: Sequence[np.ndarray]
) -> list[UnpackedOrder] | None:
    """The n-grams of `rows` with their ids, or None if one lacks its context or suffix."""
    orders = [unigrams]
    for n, (each, added) in enumerate(zip(rows, implied, strict=True), 2):
        contexts = _ids(orders, each.words[:, :-1])
        suffixes = _ids(orders, each.words[:, 1:])
        if min(contexts.min(initial=0), suffixes.min(initial=0)) == ABSENT:
            return None
        keys = contexts * len(unigrams) + each.words[:, -1]
        order = np.argsort(keys, kind="stable")
        repeated = np.flatnonzero(np.diff(keys[order]) == 0)
        if len(repeated):
            raise RepeatedNgram(n, int(order[repeated + 1].min()))
        indexed = UnpackedOrder(
            contexts[order],
            each.words[order, -1],
            suffixes[order],
            each.log_probs[order],
            each.log_backoffs[order],
            added[order],
        )
        orders.append(with_implied(orders[-1], indexed))
    return orders


def _ids(orders: Sequence[UnpackedOrder], words: np.ndarray) -> np.ndarray:
    """Ids of n-grams given by their words, ABSENT if they are not listed: int64 [m]."""
    ids = words[:, 0]
    for order, word in zip(orders[1:], words.T[1:], strict=True):
        ids = np.where(ids == ABSENT, ABSENT, find(order, ids, word))
    return ids


def _with(rows: NgramRows, added: np.ndarray) -> NgramRows:
    """`rows` with n-grams added whose probabilities are not known yet."""
    none = np.zeros(len(added))
    return NgramRows(
        np.concatenate([rows.words, added]),
        np.concatenate([rows.log_probs, none]),
        np.concatenate([rows.log_backoffs, none]),
    )


def _missing(rows: Sequence[NgramRows], wanted: Sequence[np.ndarray], words: int) -> list[np.ndarray]:
    """The n-grams of each order that are wanted, or are contexts or suffixes, but are not among the rows."""
    added: list[np.ndarray] = []
    needed = np.zeros((0, len(rows) + 1), dtype=np.int64)
    for each, also in zip(reversed(rows), reversed(wanted), strict=True):
        candidates = np.concatenate([needed, also])
        numbers = _numbers(np.concatenate([each.words, candidates]), words)
        listed = np.zeros(len(numbers), dtype=bool)
        listed[numbers[: len(each.words)]] = True
        new, first = np.unique(numbers[len(each.words) :], return_index=True)
        added.append(candidates[first[~listed[new]]])
        longer = np.concatenate([each.words, added[-1]])
        needed = np.concatenate([longer[:, :-1], longer[:, 1:]])
    return added[::-1]


def _numbers(rows: np.ndarray, words: int) -> np.ndarray:
    """A number for each row, below the number of rows, the same for equal rows."""
    numbers = np.unique(rows[:, 0], return_inverse=True)[1]
    for column in rows.T[1:]:
        numbers = np.unique(numbers * words + column, return_inverse=True)[1]
    return numbers
