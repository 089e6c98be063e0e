"""Which models are compared for break-even, and what comes of it for each cost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmark.measure.measure import Measure
from benchmark.measure.measures import TRAIN_SECONDS
from benchmark.report.break_even import (
    BreakEven,
    SeededCurve,
    break_even,
    compare_at_most,
    compare_steps,
    points_of,
    rows_of,
)
from benchmark.report.clocks import chosen_clock, clock_of
from benchmark.report.cost_curves import (
    COSTS,
    TOKENS,
    Choice,
    Training,
    at_the_end,
    over_text,
    validation_of,
)
from benchmark.report.curve_crossings import compare_curves
from benchmark.report.learning_curves import Curve, against_ngrams
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.uncertainty import Uncertainty

#: Networks that are compared with n-gram models.
MOST = 3


@dataclass(frozen=True)
class Pair:
    """A network, or the networks, against an n-gram model, or all of them: a break-even for each cost."""

    along: str
    first: str
    second: str
    found: Mapping[str, BreakEven | None]
    row: int = 0

    def of(self, cost: Measure) -> BreakEven | None:
        return self.found.get(cost.key)


def pairs_over_text(curves: list[Curve], known: Uncertainty | None) -> Iterator[Pair]:
    """The best networks against Kneser-Ney and the best n-gram model, each trained on more and more text."""
    for curve, ngram, _ in against_ngrams(curves, MOST):
        found = {}
        for cost in COSTS:
            clock = chosen_clock((curve.largest, ngram.largest), cost)
            one, other = over_text(curve, cost, clock), over_text(ngram, cost, clock)
            compare = compare_curves if cost is TOKENS else compare_at_most
            found[cost.key] = break_even(one, other, compare, known) if one and other else None
        yield Pair("text", curve.name, ngram.name, found, curve.largest.number)


def best_ngram(group: RankedGroup, curves: list[Curve]) -> tuple[Row, ...]:
    """The n-gram model with the lowest validation perplexity, last, behind its runs on less of the text."""
    whole = [row for row in group.family("count") if row.train_share == 1]
    if not whole:
        return ()
    # of two programs for one model, whose perplexities agree to two decimals, the faster one
    best = min(whole, key=lambda row: (round(validation_of(row), 2), row.mean(TRAIN_SECONDS) or math.inf))
    return next((curve.rows for curve in curves if curve.largest == best), (best,))


def pairs_in_training(trained: Sequence[Training], ngram: Sequence[Row]) -> Iterator[Pair]:
    """Networks while they are trained, against the rows of an n-gram model that is finished."""
    for training in trained if ngram else ():
        read, best = training.curve(TOKENS), ngram[-1]
        found = {}
        if read is not None:
            level = [(read.points[0][0], validation_of(best))]
            found[TOKENS.key] = break_even(read, SeededCurve(level, (level,)), compare_at_most)
        one, other = training.curve(TRAIN_SECONDS), at_the_end(ngram, TRAIN_SECONDS)
        if on_one_machine(training.row, best) and one and other:
            found[TRAIN_SECONDS.key] = break_even(one, other, compare_at_most)
        yield Pair("training", training.row.label, best.label, found, training.row.number)


def on_one_machine(row: Row, other: Row) -> bool:
    """Whether the training times of two rows can be compared."""
    return clock_of(row.first, TRAIN_SECONDS) == clock_of(other.first, TRAIN_SECONDS)


def pairs_by_choice(
    chosen: Mapping[str, Mapping[str, Sequence[Choice]]], known: Uncertainty | None
) -> Iterator[Pair]:
    """The best network against the best n-gram model, for at most so much; `chosen` by cost and family."""
    found = {}
    for key, families in chosen.items():
        if "neural" in families and "count" in families:
            steps = [[choice.point for choice in families[family]] for family in ("neural", "count")]
            one, other = (SeededCurve(points_of(each), rows=rows_of(each)) for each in steps)
            found[key] = break_even(one, other, compare_steps, known)
    if found:
        yield Pair("choice", "any network", "any n-gram model", found)
