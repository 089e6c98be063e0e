"""Break-even: from what cost on one curve of perplexity is below another.

A cost is an amount of training text, seconds, bytes or joules. Curves over text are compared where both were
measured. Of everything else a model may also use less than it is given, so its curve says what it reaches for
*at most* so much, and goes on level behind its last point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, NamedTuple

from benchmark.report.crossing_intervals import CostInterval, TracedCurve, crossing_interval
from benchmark.report.curve_crossings import Crossing, CurveComparison, Points, compare_curves
from benchmark.report.uncertainty import Uncertainty

Compare = Callable[[Points, Points], CurveComparison | None]


class Measured(NamedTuple):
    """A run, or a moment in its training: what it cost, and its perplexity on validation text, by which it
    is chosen, and on the text that is shown. `row` is the number of its row, 0 if it is no whole row."""

    cost: float
    valid: float
    shown: float
    row: int = 0


def frontier(measured: Iterable[Measured]) -> list[Measured]:
    """What is chosen for at most each cost: those with a lower validation perplexity than all that cost no
    more. By rising cost."""
    kept: list[Measured] = []
    for each in sorted(measured):
        if not kept or each.valid < kept[-1].valid:
            kept.append(each)
    return kept


def points_of(measured: Iterable[Measured]) -> Points:
    """Costs with the perplexities that are shown."""
    return [(each.cost, each.shown) for each in measured]


def rows_of(measured: Iterable[Measured]) -> tuple[int, ...]:
    """The numbers of the rows that they are; empty unless each is a row."""
    numbers = tuple(each.row for each in measured)
    return numbers if all(numbers) else ()


@dataclass(frozen=True)
class SeededCurve:
    """A curve of perplexity by cost: the mean over seeds, and that of each seed.

    `rows` are the numbers of the rows that the points show, if each shows one.
    """

    points: Points
    seeds: tuple[Points, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class SeedRange:
    """Where single seeds overtake: the least and the greatest cost at which `overtaking` of `seeds` do.

    It is the range of what was run, not an interval for what another seed would do.
    """

    seeds: int
    overtaking: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class BreakEven:
    """From where on one curve is below another, over the costs from `begin` to `end` that both have.

    `overtakes`: behind at `begin`, ahead from `at` on. `ahead`: already ahead at `begin`. `never`: not ahead
    anywhere. `level`: equal throughout. `until` is where the lead is lost again, if it is. `range` is there
    if a curve has several seeds, `interval` if the losses of all points are kept by block.
    """

    outcome: Literal["overtakes", "ahead", "never", "level"]
    begin: float
    end: float
    at: float | None = None
    perplexity: float | None = None
    until: float | None = None
    range: SeedRange | None = None
    interval: CostInterval | None = None


def break_even(
    first: SeededCurve, second: SeededCurve, compare: Compare, known: Uncertainty | None = None
) -> BreakEven | None:
    """From where on the first curve is below the second; None where they cannot be compared.

    The verdict is that of the means; the range is that of each seed against each, the interval that over the
    text and over seeds.
    """
    compared = compare(first.points, second.points)
    if compared is None:
        return None
    pairs = [compare(one, other) for one, other in product(first.seeds, second.seeds)]
    verdict = _verdict(compared, _range([pair for pair in pairs if pair is not None]))
    return replace(verdict, interval=_interval(first, second, compare, known))


def _interval(
    first: SeededCurve, second: SeededCurve, compare: Compare, known: Uncertainty | None
) -> CostInterval | None:
    if not first.rows or not second.rows:
        return None
    end = max(first.points[-1][0], second.points[-1][0]) if compare is not compare_curves else 0.0
    one, other = (_traced(curve, end) for curve in (first, second))
    return crossing_interval(known, one, other, steps=compare is compare_steps)


def _traced(curve: SeededCurve, end: float) -> TracedCurve:
    """A curve up to `end`, at the least, with the rows that it shows."""
    points = _level_to(curve.points, end)
    return TracedCurve.of(points, [*curve.rows, *curve.rows[-1:] * (len(points) - len(curve.rows))])


def _verdict(compared: CurveComparison, seeds: SeedRange | None = None) -> BreakEven:
    begin, end = compared.begin, compared.end
    if compared.first_led is None:
        return BreakEven("level", begin, end, range=seeds)
    gained = next((crossing for crossing in compared.crossings if crossing.first_leads), None)
    if compared.first_led:
        lost = _lost(compared, begin)
        return BreakEven("ahead", begin, end, until=lost, range=seeds)
    if gained is None:
        return BreakEven("never", begin, end, range=seeds)
    lost = _lost(compared, gained.at)
    return BreakEven("overtakes", begin, end, gained.at, gained.perplexity, lost, seeds)


def _lost(compared: CurveComparison, since: float) -> float | None:
    """Where a lead that the first curve has `since` then is lost."""
    later = (crossing for crossing in compared.crossings if crossing.at > since)
    return next((crossing.at for crossing in later if not crossing.first_leads), None)


def _range(pairs: list[CurveComparison]) -> SeedRange | None:
    if len(pairs) < 2:
        return None
    places = [at for pair in pairs if (at := _verdict(pair).at) is not None]
    return SeedRange(len(pairs), len(places), min(places, default=None), max(places, default=None))


def compare_at_most(first: Points, second: Points) -> CurveComparison | None:
    """Compares two curves that go on level behind their last points: for at most so much.

    In between, they are straight lines in the logarithms, as in `compare_curves`.
    """
    end = max(first[-1][0], second[-1][0])
    return compare_curves(_level_to(first, end), _level_to(second, end))


def _level_to(points: Points, end: float) -> Points:
    return [*points, (end, points[-1][1])] if points[-1][0] < end else points


def compare_steps(first: Points, second: Points) -> CurveComparison | None:
    """Compares two curves that are level from each point up to the next, as where each point is a model.

    They change places at the cost of a point: nothing lies between two models.
    """
    begin, end = max(first[0][0], second[0][0]), max(first[-1][0], second[-1][0])
    led: bool | None = None
    first_led: bool | None = None
    crossings = []
    for cost in sorted({x for x, _ in (*first, *second) if x >= begin}):
        one, other = _step_at(first, cost), _step_at(second, cost)
        if one == other:
            continue
        leads = one < other
        if led is None:
            first_led = leads
        elif leads != led:
            crossings.append(Crossing(cost, one, leads))
        led = leads
    return CurveComparison(begin, end, first_led, tuple(crossings))


def _step_at(points: Points, cost: float) -> float:
    """The perplexity of the last point that costs no more."""
    return [y for x, y in points if x <= cost][-1]
