"""Dense rows of a factored table: the probabilities of all targets after a history, in all groups at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baselines.ngram.factored.table import ABSENT, FactoredTable, find
from baselines.ngram.table.kept_rows import KeptRows


@dataclass(frozen=True)
class _Order:
    """The histories of j factors, found by these factors in every group at once.

    `keys` int64, ascending: (index of the history of j − 1 factors in its order) · radix + factor. The
    groups in which history i is stored are `groups[starts[i] : starts[i + 1]]`, and its ids there, as the
    table has them, are those of `ids`. The n-grams of an id are those from `ngrams[id]` to `ngrams[id + 1]`.
    """

    keys: np.ndarray
    starts: np.ndarray
    groups: np.ndarray
    ids: np.ndarray
    ngrams: np.ndarray


@dataclass(frozen=True)
class Stored:
    """Where histories of one order are stored: the row asked for (ascending), the group, and the id.

    int64 [stored] each.
    """

    row: np.ndarray
    group: np.ndarray
    id: np.ndarray

    def part(self, first: int, last: int) -> Stored:
        """Those of the rows from `first` up to `last`."""
        some = slice(*np.searchsorted(self.row, (first, last)))
        return Stored(self.row[some] - first, self.group[some], self.id[some])


@dataclass(frozen=True)
class Found:
    """Of each row asked for: the index of its first factor, ABSENT if not stored; and for j = 1 … k, where
    its first j factors are stored."""

    first: np.ndarray
    orders: tuple[Stored, ...]

    def part(self, first: int, last: int) -> Found:
        """That of the rows from `first` up to `last`."""
        return Found(self.first[first:last], tuple(stored.part(first, last) for stored in self.orders))


class DenseTable:
    """A `FactoredTable` with an index to form dense rows, which takes about as much memory again."""

    def __init__(self, table: FactoredTable) -> None:
        self.table = table
        self.groups = int(table.groups.max()) + 1
        self._orders = _orders(table, self.groups)
        # rows are formed with the targets of a group side by side
        by_group = np.argsort(table.groups, kind="stable")
        self._sizes = np.bincount(table.groups)
        self._column = np.empty_like(by_group)
        self._column[by_group] = np.arange(len(by_group))
        self._columns = [
            self._column.take(ngrams % len(by_group)).astype(np.int32) for ngrams in table.ngrams
        ]
        self._base = np.exp(table.log_probs[0][by_group])
        self._after_one = KeptRows(self._rows_after_one, len(self._base))

    def find(self, factors: np.ndarray) -> Found:
        """Where the histories `factors` [k, rows] are stored."""
        history = np.zeros(factors.shape[1], dtype=np.int64)
        indices = []
        for values, order in zip(factors, self._orders, strict=True):
            known = (history != ABSENT) & (values != ABSENT)
            history = np.where(known, find(order.keys, history * self.table.radix + values), ABSENT)
            indices.append(history)
        stored = (_in_groups(order, each) for order, each in zip(self._orders, indices, strict=True))
        return Found(indices[0] if indices else np.full_like(history, ABSENT), tuple(stored))

    def followers(self, j: int, ids: np.ndarray) -> np.ndarray:
        """How many n-grams each of the histories `ids` of j factors has: int64."""
        ngrams = self._orders[j - 1].ngrams
        return ngrams.take(ids + 1) - ngrams.take(ids)

    def rows(self, found: Found, scale: np.ndarray) -> np.ndarray:
        """p of every target times the `scale` [rows, groups] of its group: float32 [rows, targets].

        The columns are in the order of `in_order`. Each row is that after one factor, times the backoff
        weights of longer histories, but for the n-grams that these store.
        """
        with np.errstate(divide="ignore"):
            shift = np.log(scale.astype(np.float32))
        longer = list(enumerate(found.orders, 1))[1:]
        shifts = []  # of the n-grams of each order: the backoff weights of still longer histories
        for j, stored in reversed(longer):
            own = shift[stored.row, stored.group]
            shifts.append(own)
            shift[stored.row, stored.group] = own + self.table.log_backoffs[j - 1].take(stored.id)
        rows = np.repeat(np.exp(shift, out=shift), self._sizes, axis=1)
        for row, after_one in zip(rows, self._after_one.of(found.first), strict=True):
            row *= after_one
        for (j, stored), own in zip(longer, reversed(shifts), strict=True):
            self._put(rows, j, stored, own)
        return rows

    def in_order(self, rows: np.ndarray) -> np.ndarray:
        """Results of `rows`, or sums of them, with the targets as columns in their own order."""
        return rows.take(self._column, axis=1, mode="wrap") if self.groups > 1 else rows

    def _rows_after_one(self, firsts: np.ndarray) -> np.ndarray:
        """p of every target after histories of one factor, given by their indices: float32."""
        weights = np.ones((len(firsts), self.groups), dtype=np.float32)
        if not self._orders:  # there are no factors
            return np.repeat(weights, self._sizes, axis=1) * self._base
        stored = _in_groups(self._orders[0], firsts)
        weights[stored.row, stored.group] = np.exp(self.table.log_backoffs[0].take(stored.id))
        rows = np.repeat(weights, self._sizes, axis=1)
        rows *= self._base
        self._put(rows, 1, stored, np.zeros(len(stored.id), dtype=np.float32))
        return rows

    def _put(self, rows: np.ndarray, j: int, stored: Stored, shift: np.ndarray) -> None:
        """Write the n-grams of histories of j factors into their rows, each shifted as its history."""
        ngrams = self._orders[j - 1].ngrams
        first = ngrams.take(stored.id)
        count = ngrams.take(stored.id + 1) - first
        ngram = _ranges(first, count)
        cells = np.repeat(stored.row * rows.shape[1], count)
        cells += self._columns[j - 1].take(ngram)
        values = self.table.log_probs[j].take(ngram)
        values += np.repeat(shift, count)
        rows.reshape(-1)[cells] = np.exp(values, out=values)


def _in_groups(order: _Order, history: np.ndarray) -> Stored:
    """Where each history that is not ABSENT is stored."""
    known = np.flatnonzero(history != ABSENT)
    some = history.take(known)
    first = order.starts.take(some)
    count = order.starts.take(some + 1) - first
    place = _ranges(first, count)
    return Stored(np.repeat(known, count), order.groups.take(place), order.ids.take(place))


def _ranges(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The `count` numbers first, first + 1, … of each range, one range after the other: int64."""
    ends = np.cumsum(count)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + count, count)


def _orders(table: FactoredTable, groups: int) -> list[_Order]:
    """The index of each order, from 1."""
    size, orders = len(table.groups), []
    history = np.zeros(groups, dtype=np.int64)  # of each id of the order before: the index of its factors
    group = np.arange(groups)
    for keys, ngrams in zip(table.contexts, table.ngrams, strict=True):
        shorter, factor = np.divmod(keys, table.radix)
        factors = history[shorter] * table.radix + factor
        ids = np.argsort(factors, kind="stable")
        distinct, starts = np.unique(factors[ids], return_index=True)
        history = np.empty(len(keys), dtype=np.int64)
        history[ids] = np.repeat(np.arange(len(distinct)), np.diff(starts, append=len(keys)))
        group = group[shorter]
        followed = np.searchsorted(ngrams, np.arange(len(keys) + 1) * size)
        orders.append(_Order(distinct, np.append(starts, len(keys)), group[ids], ids, followed))
    return orders
