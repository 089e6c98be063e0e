"""Curves of perplexity by cost, made of rows: over text size, over training, and over all runs of a family.

Seconds and joules are compared only between runs on one machine, and joules only if the same parts of it were
counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.measures import BY_KEY, TRAIN_SECONDS, VALID_PERPLEXITY
from benchmark.record.curve import Validation
from benchmark.report.break_even import Measured, SeededCurve, frontier, points_of, rows_of
from benchmark.report.clocks import ENERGY, Clock, clock_for, clock_of, measured, on_clock
from benchmark.report.learning_curves import Curve
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row

TOKENS = Measure(
    key="train_targets",
    title="Training tokens",
    noun="number of training tokens",
    unit="",
    definition="Tokens of the training text; in training, tokens read, counting each pass over the text.",
    show=text.amount,
)
NUMBERS = Measure(
    key="numbers",
    title="Parameters or n-grams",
    noun="number of parameters or n-grams",
    unit="",
    definition="The trained parameters of a neural model; the n-grams of an n-gram model.",
    show=text.amount,
    of=lambda result: result.parameters or result.entries,
)
MEMORY = BY_KEY["bytes_in_memory"]
#: The costs of which a model may use less than it is given.
RESOURCES = (TRAIN_SECONDS, MEMORY, ENERGY)
COSTS = (TOKENS, *RESOURCES)


def over_text(curve: Curve, cost: Measure, clock: Clock) -> SeededCurve | None:
    """Test perplexity of one model by what its training on less and more text costs, measured by a clock;
    None if the training on most text was not.

    The single seeds are those that were run on every amount of text.
    """
    if not on_clock(curve.largest, cost, clock):
        return None
    found = [(row.number, on_clock(row, cost, clock)) for row in curve.rows]
    rows = [(number, {str(r.seed): r for r in results}) for number, results in found if results]
    seeds = sorted(set.intersection(*(set(results) for _, results in rows))) if rows else []
    return _seeded(
        [measured(list(results.values()), cost, number) for number, results in rows],
        [[measured([results[seed]], cost) for _, results in rows] for seed in seeds],
        at_most=cost is not TOKENS,
    )


def _seeded(
    mean: Sequence[Measured | None], seeds: Sequence[Sequence[Measured | None]], *, at_most: bool
) -> SeededCurve | None:
    """Curves without what was not measured, each sorted by cost; of frontiers if they are of `at_most`."""

    def kept(found: Sequence[Measured | None]) -> list[Measured]:
        known = [each for each in found if each is not None]
        return frontier(known) if at_most else sorted(known)

    shown = kept(mean)
    single = tuple(points_of(curve) for seed in seeds if (curve := kept(seed)))
    return SeededCurve(points_of(shown), single, rows_of(shown)) if shown else None


@dataclass(frozen=True)
class Training:
    """A trained row with the validations of each of its seeds, at the tokens that all seeds have."""

    row: Row
    seeds: tuple[tuple[Validation, ...], ...]

    def curve(self, cost: Measure) -> SeededCurve | None:
        """Validation perplexity of the best weights so far, by tokens or by seconds of training; None where
        the seconds were not kept, or not all on one machine."""
        timed = cost is TRAIN_SECONDS
        if timed and len({clock_of(run.result, cost) for run in self.row.runs}) > 1:
            return None
        found = [[(at.seconds if timed else at.tokens, at.perplexity) for at in seed] for seed in self.seeds]
        return _seeded(
            [_mean(points) for points in zip(*found, strict=True)],
            [[_mean([point]) for point in seed] for seed in found],
            at_most=True,
        )


def _mean(points: Sequence[tuple[float | None, float]]) -> Measured | None:
    costs = [cost for cost, _ in points if cost]
    if len(costs) < len(points):
        return None
    perplexity = math.fsum(value for _, value in points) / len(points)
    return Measured(math.fsum(costs) / len(costs), perplexity, perplexity)


def trainings(rows: Sequence[Row], most: int) -> list[Training]:
    """The rows with the lowest validation perplexity among those that were validated during training."""
    found: list[Training] = []
    for row in sorted(rows, key=validation_of):
        seeds = [run.validations for run in row.runs]
        common = set.intersection(*({point.tokens for point in seed} for seed in seeds))
        if len(common) > 1 and len(found) < most:
            kept = (tuple(point for point in seed if point.tokens in common) for seed in seeds)
            found.append(Training(row, tuple(kept)))
        if len(found) == most:
            break
    return found


def validation_of(row: Row) -> float:
    """The mean validation perplexity of a row; infinite where it has none."""
    return row.mean(VALID_PERPLEXITY) or math.inf


def at_the_end(rows: Sequence[Row], cost: Measure) -> SeededCurve | None:
    """Validation perplexity of finished rows, by what their training cost: a point for each."""
    clock = clock_of(rows[-1].first, cost)
    found = [measured(on_clock(row, cost, clock), cost) for row in rows]
    shown = [Measured(each.cost, each.valid, each.valid) for each in found if each is not None]
    return _seeded(shown, [shown], at_most=True)


@dataclass(frozen=True)
class Choice:
    """A row that its family reaches the lowest validation perplexity with, for at most a cost."""

    row: Row
    point: Measured


def envelopes(group: RankedGroup, cost: Measure) -> dict[str, list[Choice]]:
    """For each family, the rows to choose for at most so much: each has a lower validation perplexity than
    all that cost no more. By rising cost.

    Of costs that depend on the machine, those of `chosen_clock`.
    """
    rows = group.rows
    clock = clock_for(group, cost)
    found: dict[str, list[Choice]] = {}
    for family in dict.fromkeys(row.family for row in rows):
        points: dict[Measured, Row] = {}
        for row in rows:
            point = measured(on_clock(row, cost, clock), cost, row.number) if row.family == family else None
            if point is not None:
                points.setdefault(point, row)
        if points:
            found[family] = [Choice(points[point], point) for point in frontier(points)]
    return found
