"""Weighted sums of the components' dense rows, and their normalisers, for a block of histories at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from benchmark.contract import LanguageModel, TokenStream

LEAST = -50.0  # in place of ln 0


@runtime_checkable
class ChangesColumns(Protocol):
    """A model whose distributions are all proportional to one another but for a few words each."""

    def fixed_row(self) -> np.ndarray:
        """ln p of every word in a history that says nothing: float32 [vocabulary]."""

    def changed_columns(
        self, stream: TokenStream, places: np.ndarray, rows: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Blocks of at most `rows` places, as of `distributions`, by how they differ from the fixed row.

        Yields words int64 [changed], ascending, and d float32 [places, changed]: ln p(v | h) is the fixed
        row of v plus d, plus something that is the same for all v; d is 0 for words not named.
        """


@dataclass(frozen=True)
class WeightedRows:
    """s(v) = Σᵢ λᵢ ln pᵢ(v | h) of some histories, each up to a constant.

    `rows` float32 [histories, vocabulary]; in the columns `words` int64 [changed], ascending, `added` float32
    [histories, changed] is to be added.
    """

    rows: np.ndarray
    words: np.ndarray
    added: np.ndarray

    def normalised(self) -> np.ndarray:
        """s − ln Σ_v exp(s(v)): float32 [histories, vocabulary]."""
        scores = self.rows.copy()
        scores[:, self.words] += self.added
        scores -= _log_sum(scores)[:, None]
        return scores

    def of(self, targets: np.ndarray) -> np.ndarray:
        """The same of one target for each history, int64 [histories]: float32 [histories]."""
        each = np.arange(len(targets))
        scores = self.rows[each, targets]
        highest = self.rows.max(axis=1)
        p = self.rows - highest[:, None]
        np.exp(p, out=p)
        total = _sums(p)
        if len(self.words):
            column = np.minimum(np.searchsorted(self.words, targets), len(self.words) - 1)
            scores += np.where(self.words[column] == targets, self.added[each, column], 0)
            more = np.exp(self.added)
            more -= 1
            more *= p.take(self.words, axis=1, mode="wrap")
            total += _sums(more)
        return scores - highest - np.log(total)


def weighted_rows(
    components: Sequence[LanguageModel],
    weights: np.ndarray,
    stream: TokenStream,
    places: np.ndarray,
    rows: int,
) -> Iterator[WeightedRows]:
    """Σᵢ λᵢ ln pᵢ at some places of a stream, each given all ids before it; blocks of at most `rows`.

    Models that change columns add to these only; the others' rows are summed up in full.
    """
    dense, changing = [], []
    fixed = np.zeros(len(stream.vocabulary), dtype=np.float32)
    for component, weight in zip(components, weights.astype(np.float32), strict=True):
        if isinstance(component, ChangesColumns):
            fixed += weight * component.fixed_row()
            changing.append((weight, component.changed_columns(stream, places, rows)))
        else:
            dense.append((weight, component.distributions(stream, places, rows)))
    for first in range(0, len(places), rows):
        total = np.tile(fixed, (min(rows, len(places) - first), 1))
        for weight, blocks in dense:
            total += weighted(next(blocks), weight)
        changes = [(weight, *next(blocks)) for weight, blocks in changing]
        yield WeightedRows(total, *_together(changes, total.shape))


def weighted(rows: np.ndarray, weight: np.float32) -> np.ndarray:
    """λ ln p, p at least e^LEAST."""
    if rows.min(initial=0) < LEAST:
        rows = np.maximum(rows, LEAST)
    return rows * weight


def normalised(parts: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Σᵢ λᵢ ln pᵢ − ln Z of each history: float32 [histories, vocabulary], from ln pᵢ of each component."""
    first, *others = zip(parts, weights.astype(np.float32), strict=True)
    scores = weighted(*first)
    for part, weight in others:
        scores += weighted(part, weight)
    scores -= _log_sum(scores)[:, None]
    return scores


def _together(
    changes: list[tuple[np.float32, np.ndarray, np.ndarray]], shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The words that any of the changes names, and the weighted sum of what is added to their columns."""
    named = np.zeros(shape[1], dtype=bool)
    for _, names, _ in changes:
        named[names] = True
    words, column = np.flatnonzero(named), np.cumsum(named) - 1
    total = np.zeros((shape[0], len(words)), dtype=np.float32)
    for weight, names, added in changes:
        columns = slice(None) if len(names) == len(words) else column[names]
        total[:, columns] += weight * added
    return words, total


def _log_sum(scores: np.ndarray) -> np.ndarray:
    """ln Σ_v exp(score) of each row: float32 [histories]."""
    highest = scores.max(axis=1)
    p = scores - highest[:, None]
    return highest + np.log(_sums(np.exp(p, out=p)))


def _sums(rows: np.ndarray) -> np.ndarray:
    """The sum of each row: float32. By a matrix product, which is faster than numpy's sum."""
    return rows @ np.ones(rows.shape[1], dtype=np.float32)
