"""What is uncertain in a ranked table: intervals of its perplexities, ranks as ranges, differences of rows.

All of it follows from the losses by block, or the scores, that runs keep. Nothing is trained and no corpus is
opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from benchmark import text
from benchmark.errors import UserError
from benchmark.measure.blocks import block_losses, blocks_like
from benchmark.measure.intervals import about_mean, exponential
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.record.blocks import DOCUMENTS, BlockLosses
from benchmark.record.folder import RunRecord
from benchmark.record.scores import read_scores
from benchmark.report.rows import Row
from benchmark.statistics.bootstrap import Bootstrap, Estimate, bootstrap
from benchmark.statistics.ranks import rank_ranges


@dataclass(frozen=True)
class Uncertainty:
    """Of the rows that keep their losses by the same blocks: what other text and other seeds would give.

    `unit` says what the blocks are. `places` has each row's place in `losses`, by its number. They were drawn
    from `sums` [seeds, blocks], the losses of the blocks in nats by the number of the row, and from `targets`
    [blocks], how many targets each block has.
    """

    unit: str
    places: dict[int, int]
    losses: Bootstrap
    targets: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    sums: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def blocks(self) -> str:
        """`12 documents`, `97 blocks of 50 lines`."""
        return text.of_unit(self.losses.blocks, self.unit)

    @cached_property
    def ranks(self) -> dict[int, tuple[int, int]]:
        """The best and the worst rank of each row, by its number (see `rank_ranges`)."""
        return dict(zip(self.places, rank_ranges(self.losses), strict=True))

    @cached_property
    def mean_losses(self) -> dict[int, Estimate]:
        """The mean loss of each row with its interval, by its number."""
        weights = np.eye(len(self.places))
        return {number: self.losses.combined(weights[place]) for number, place in self.places.items()}

    def ratio(self, above: Row, below: Row) -> Estimate | None:
        """The perplexity of one row divided by that of another, with its interval; None if one is unknown."""
        weights = self._weights(above, below)
        if weights is None:
            return None
        nats = self.losses.combined(weights)
        return exponential(nats)

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

    Blocks of one kind are paired: those that most rows have, and of several such kinds the documents. A row
    that keeps other blocks, or none, has them too if it keeps its scores.
    """
    choices = [(kind, _known(rows, kind)) for kind in _kinds(rows)]
    choices = [(kind, losses) for kind, losses in choices if losses]
    if not choices:
        return None
    kind, losses = max(choices, key=lambda choice: (len(choice[1]), choice[0].unit == DOCUMENTS))
    places = {number: place for place, number in enumerate(losses)}
    drawn = bootstrap(list(losses.values()), kind.targets)
    return Uncertainty(kind.unit, places, drawn, kind.targets, losses)


def _kinds(rows: Sequence[Row]) -> list[BlockLosses]:
    """One of each kind of blocks that runs keep, if there are two blocks or more."""
    kinds: list[BlockLosses] = []
    for kept in (run.blocks for row in rows for run in row.runs):
        if kept is not None and len(kept.targets) > 1 and not any(map(kept.like, kinds)):
            kinds.append(kept)
    return kinds


def _known(rows: Sequence[Row], kind: BlockLosses) -> dict[int, np.ndarray]:
    """The losses by blocks of a kind, float64 [seeds, blocks], of each row that has them, by its number."""
    known = {}
    for row in rows:
        losses = [found for run in row.runs if (found := _losses(run, kind)) is not None]
        if len(losses) == len(row.runs):
            known[row.number] = np.stack(losses)
    return known


def _losses(run: RunRecord, kind: BlockLosses) -> np.ndarray | None:
    """The losses of a run by blocks of a kind: those that it keeps, or else sums of the scores that it keeps.
    None if they are not known, or not finite."""
    kept = run.blocks
    if kept is None or not kept.like(kind):
        try:
            kept = block_losses(read_scores(run), blocks_like(kind))
        except UserError:
            return None
    return kept.nll if np.isfinite(kept.nll).all() else None


def with_uncertainty(rows: Sequence[Row], known: Uncertainty | None) -> tuple[Row, ...]:
    """Rows in order of rank, with their intervals and the range of their ranks.

    A row without losses by block counts as different from all others: it has the rank of its value.
    """
    if known is None:
        return tuple(rows)
    unknown = np.cumsum([row.number not in known.ranks for row in rows])
    placed = []
    for row, others in zip(rows, unknown.tolist(), strict=True):
        if row.number in known.ranks:
            best, worst = known.ranks[row.number]
            row = replace(row, ranks=(best + others, worst + others), interval=_interval(row, known))
        placed.append(row)
    return tuple(placed)


def _interval(row: Row, known: Uncertainty) -> tuple[float, float] | None:
    """The interval of a row's mean perplexity, which deviates as exp of its mean loss does."""
    value = row.mean(TEST_PERPLEXITY)
    if value is None:
        return None
    found = about_mean(value, known.mean_losses[row.number])
    return found.low, found.high
