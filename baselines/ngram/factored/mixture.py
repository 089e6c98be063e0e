"""Several factored tables of the same targets as one distribution: a linear mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from baselines.mixture.em import expectation_maximisation, mixed
from baselines.ngram.factored.table import ABSENT, FactoredTable

_SIZES = 8  # classes of the number of n-grams after a history: 1, 2, 4, … 128 and more
_ENOUGH = 200  # targets that give a bucket weights of its own
_ROWS = 64  # dense rows computed at a time


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

    def rows(self, factors: Sequence[np.ndarray]) -> np.ndarray:
        """ln p of every target after each history, [k, histories] for each table: float32."""
        histories, first = factors[0].shape[1], self.tables[0]
        rows = np.empty((histories, len(first.groups)), dtype=np.float32)
        for start in range(0, histories, _ROWS):
            some = [each[:, start : start + _ROWS] for each in factors]
            scores = np.stack([table.rows(each) for table, each in zip(self.tables, some, strict=True)])
            bucket = _buckets(first, *first.in_every_group(some[0])).reshape(scores.shape[1], -1)
            rows[start : start + _ROWS] = mixed(scores, self.weights[:, bucket[:, first.groups]])
        return rows

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
        size = np.log2(table.followers(j, history[seen])).astype(np.int64)
        bucket[seen] = (j + 1) * _SIZES + np.minimum(size, _SIZES - 1)
    return bucket
