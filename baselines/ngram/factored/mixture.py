"""Several factored tables of the same targets as one distribution: a linear mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from baselines.ngram.factored.dense import DenseTable, Found
from baselines.ngram.factored.table import ABSENT, FactoredTable
from benchmark.statistics.mixing import expectation_maximisation, mixed

_SIZES = 8  # classes of the number of n-grams after a history: 1, 2, 4, … 128 and more
_ENOUGH = 200  # targets that give a bucket weights of its own


@dataclass(frozen=True)
class FactoredMixture:
    """p(w | h) = Σᵢ λᵢ(bucket of h) pᵢ(w | hᵢ), each hᵢ other factors of the same history (and group).

    The first table determines the bucket of a history: how many of its factors were seen together, and how
    many n-grams follow them (a power of two). `weights` float64 [tables, buckets].
    """

    tables: tuple[FactoredTable, ...]
    weights: np.ndarray

    @classmethod
    def fitted(
        cls, tables: Sequence[FactoredTable], factors: Sequence[np.ndarray], targets: np.ndarray
    ) -> Self:
        """Weights by EM on the events `factors` ([k, events] for each table), `targets` [events].

        A bucket with too few events gets the weights of all events together.
        """
        buckets = _SIZES * (len(tables[0].contexts) + 1)
        scores = np.stack([table.score(each, targets) for table, each in zip(tables, factors, strict=True)])
        together, _ = expectation_maximisation(scores)
        weights = np.tile(together[:, None], buckets)
        bucket = _buckets(tables[0], factors[0], tables[0].groups[targets])
        for chosen in np.flatnonzero(np.bincount(bucket, minlength=buckets) >= _ENOUGH):
            weights[:, chosen], _ = expectation_maximisation(scores[:, bucket == chosen])
        return cls(tuple(tables), weights)

    @property
    def entries(self) -> int:
        return sum(table.entries for table in self.tables)

    @property
    def nbytes(self) -> int:
        return self.weights.nbytes + sum(table.nbytes for table in self.tables)

    def score(self, factors: Sequence[np.ndarray], targets: np.ndarray) -> np.ndarray:
        """ln p of each of `targets` [events] after `factors`, [k, events] for each table: float32."""
        scores = [table.score(each, targets) for table, each in zip(self.tables, factors, strict=True)]
        bucket = _buckets(self.tables[0], factors[0], self.tables[0].groups[targets])
        return mixed(np.stack(scores), self.weights[:, bucket])

    def find(self, factors: Sequence[np.ndarray]) -> tuple[Found, ...]:
        """Where each table stores histories, given as factors [k, histories] for each table."""
        return tuple(table.find(each) for table, each in zip(self._dense, factors, strict=True))

    def rows(self, found: Sequence[Found], scale: np.ndarray) -> np.ndarray:
        """p of every target after histories that `find` has found, times the `scale` [histories, groups] of
        its group: float32 [histories, targets]."""
        first = self._dense[0]
        bucket = np.zeros(scale.shape, dtype=np.int64)
        for j, stored in enumerate(found[0].orders, 1):
            bucket[stored.row, stored.group] = _bucket(j, first.followers(j, stored.id))
        rows: np.ndarray | None = None
        for table, where, weights in zip(self._dense, found, self.weights, strict=True):
            own = table.rows(where, weights.take(bucket) * scale)
            rows = own if rows is None else np.add(rows, own, out=rows)
        assert rows is not None  # a mixture has tables
        return first.in_order(rows)

    @cached_property
    def _dense(self) -> list[DenseTable]:
        return [DenseTable(table) for table in self.tables]

    def save(self, folder: Path, name: str) -> None:
        """Write each array as `NAME….npy`."""
        np.save(folder / f"{name}.weights.npy", self.weights, allow_pickle=False)
        for i, table in enumerate(self.tables):
            table.save(folder, f"{name}.{i}")

    @classmethod
    def load(cls, folder: Path, name: str, factors: Sequence[int], radices: Sequence[int]) -> Self:
        """Read what `save` wrote, given the number of factors and the radix of each table."""
        weights = np.load(folder / f"{name}.weights.npy", allow_pickle=False)
        tables = (
            FactoredTable.load(folder, f"{name}.{i}", *each)
            for i, each in enumerate(zip(factors, radices, strict=True))
        )
        return cls(tuple(tables), weights)


def _buckets(table: FactoredTable, factors: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The bucket of each history within a group: int64 [events]."""
    bucket = np.zeros(len(group), dtype=np.int64)
    for j, history in enumerate(table.histories(factors, group)):
        seen = np.flatnonzero(history != ABSENT)
        bucket[seen] = _bucket(j + 1, table.followers(j, history[seen]))
    return bucket


def _bucket(factors: int, followers: np.ndarray) -> np.ndarray:
    """The bucket of histories of so many factors by the number of n-grams after each: int64."""
    size = np.log2(followers).astype(np.int64)
    return factors * _SIZES + np.minimum(size, _SIZES - 1)
