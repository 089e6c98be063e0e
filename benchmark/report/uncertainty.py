"""What is uncertain in a ranked table: intervals of its perplexities, ranks as ranges, differences of rows.

All of it follows from the losses by block that runs keep. Nothing is trained and no corpus is opened.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.record.blocks import BlockLosses
from benchmark.report.rows import Row
from benchmark.statistics.bootstrap import Bootstrap, Estimate, bootstrap
from benchmark.statistics.ranks import rank_ranges


@dataclass(frozen=True)
class Uncertainty:
    """Of the rows that keep their losses by the same blocks: what other text and other seeds would give.

    `unit` says what the blocks are. `places` has each row's place in `losses`, by its number.
    """

    unit: str
    places: dict[int, int]
    losses: Bootstrap

    def ratio(self, above: Row, below: Row) -> Estimate | None:
        """The perplexity of one row divided by that of another, with its interval; None if one is unknown."""
        weights = self._weights(above, below)
        if weights is None:
            return None
        nats = self.losses.combined(weights)
        return Estimate(*(math.exp(value) for value in (nats.value, nats.low, nats.high)))

    def p(self, first: Row, second: Row) -> float | None:
        """The p-value of the difference of two rows, by Student's t; None if one is unknown."""
        weights = self._weights(first, second)
        return None if weights is None else self.losses.p(weights)

    def _weights(self, plus: Row, minus: Row) -> np.ndarray | None:
        if plus.number not in self.places or minus.number not in self.places:
            return None
        weights = np.zeros(len(self.places))
        weights[self.places[plus.number]] += 1
        weights[self.places[minus.number]] -= 1
        return weights


def uncertainty_of(rows: Sequence[Row]) -> Uncertainty | None:
    """The uncertainty of rows on the same events; None if fewer than two blocks are kept of any.

    Where runs keep different blocks, those that most rows have count.
    """
    kept = [(row, blocks) for row in rows if (blocks := _blocks(row))]
    if not kept:
        return None
    kinds = [[pair for pair in kept if pair[1][0].like(blocks[0])] for _, blocks in kept]
    known = max(kinds, key=len)
    first = known[0][1][0]
    losses = [np.stack([seed.nll for seed in blocks]) for _, blocks in known]
    places = {row.number: place for place, (row, _) in enumerate(known)}
    return Uncertainty(first.unit, places, bootstrap(losses, first.targets))


def _blocks(row: Row) -> list[BlockLosses]:
    """The losses by block of every seed; empty if one of them keeps none, or they are not finite."""
    found = [run.blocks for run in row.runs]
    blocks = [one for one in found if one is not None and np.isfinite(one.nll).all()]
    sound = len(blocks) == len(found) and all(len(b.targets) > 1 and b.like(blocks[0]) for b in blocks)
    return blocks if sound else []


def with_uncertainty(rows: Sequence[Row], known: Uncertainty | None) -> tuple[Row, ...]:
    """Rows in order of rank, with their intervals and the range of their ranks.

    A row without losses by block counts as different from all others: it has the rank of its value.
    """
    if known is None:
        return tuple(rows)
    ranges = dict(zip(known.places, rank_ranges(known.losses), strict=True))
    unknown = np.cumsum([row.number not in ranges for row in rows])
    placed = []
    for row, others in zip(rows, unknown.tolist(), strict=True):
        if row.number in ranges:
            best, worst = ranges[row.number]
            row = replace(row, ranks=(best + others, worst + others), interval=_interval(row, known))
        placed.append(row)
    return tuple(placed)


def _interval(row: Row, known: Uncertainty) -> tuple[float, float] | None:
    """The interval of a row's mean perplexity, which deviates as exp of its mean loss does."""
    value = row.mean(TEST_PERPLEXITY)
    if value is None:
        return None
    weights = np.zeros(len(known.places))
    weights[known.places[row.number]] = 1
    nats = known.losses.combined(weights)
    return value * math.exp(nats.low - nats.value), value * math.exp(nats.high - nats.value)
