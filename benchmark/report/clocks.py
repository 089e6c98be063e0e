"""What runs cost, and on which machine costs are compared that depend on the machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from weakref import WeakKeyDictionary

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.measures import BY_KEY, TEST_PERPLEXITY, VALID_PERPLEXITY
from benchmark.record.result import Result
from benchmark.report.blocks import Paragraph
from benchmark.report.break_even import Measured
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Machine, Row, machine_of

ENERGY = BY_KEY["train_joules"]
#: The families that are compared at equal cost.
COMPARED = ("count", "neural")

#: A machine, and of joules the parts of it that were counted. None: a cost that depends on neither.
Clock = tuple[Machine, str] | None

#: The clocks of groups that are at hand, by the keys of costs.
_CHOSEN: WeakKeyDictionary[RankedGroup, dict[str, Clock]] = WeakKeyDictionary()


def clock_of(result: Result, cost: Measure) -> Clock:
    """What a cost was measured with; two runs can be compared if it is the same."""
    if not cost.timed:
        return None
    return machine_of(result), (result.train_joules_of or "") if cost is ENERGY else ""


def measured(results: Sequence[Result], cost: Measure, row: int = 0) -> Measured | None:
    """The means over runs of one setting, shown by the row of that number; None where a figure is missing, or
    not finite and above 0."""
    means = [_mean_of(results, measure) for measure in (cost, VALID_PERPLEXITY, TEST_PERPLEXITY)]
    if not all(0 < mean < math.inf for mean in means):
        return None
    paid, valid, shown = means
    return Measured(paid, valid, shown, row)


def _mean_of(results: Sequence[Result], measure: Measure) -> float:
    values = [value for result in results if (value := measure.read(result)) is not None]
    return math.fsum(values) / len(values) if values else math.nan


def on_clock(row: Row, cost: Measure, clock: Clock) -> list[Result]:
    """The row's runs of which a cost was measured with this clock."""
    return [run.result for run in row.runs if clock_of(run.result, cost) == clock]


@dataclass(frozen=True)
class Timed:
    """A row with the mean over those of its runs that were measured with one clock."""

    row: Row
    clock: Clock
    point: Measured


def chosen_clock(rows: Sequence[Row], cost: Measure) -> Clock:
    """The clock on which the compared families come closest to their own best.

    A family's gap is how far its lowest validation perplexity on a clock is above its lowest on any, as a
    share. The clock has the least of the larger gaps, and of several the most rows. So a machine that timed
    many rows, but not the best, does not decide. Where both families were timed on some machine, so they are
    on the one that is chosen.
    """
    timed = list(_timed(rows, cost))
    clocks = dict.fromkeys(each.clock for each in timed)

    def gaps(clock: Clock) -> tuple[float, int, str]:
        here = [each for each in timed if each.clock == clock]
        found = [
            _gap(_lowest(here, family), lowest)
            for family in COMPARED
            if (lowest := _lowest(timed, family)) < math.inf
        ]
        return max(found, default=0.0), -len(here), str(clock)

    return min(clocks, key=gaps, default=None)


def clock_for(group: RankedGroup, cost: Measure) -> Clock:
    """The `chosen_clock` of a group's rows. It is found once for all sections that compare at equal cost."""
    known = _CHOSEN.setdefault(group, {})
    if cost.key not in known:
        known[cost.key] = chosen_clock(group.rows, cost)
    return known[cost.key]


def _timed(rows: Sequence[Row], cost: Measure) -> Iterator[Timed]:
    for row in rows:
        for clock in dict.fromkeys(clock_of(run.result, cost) for run in row.runs):
            point = measured(on_clock(row, cost, clock), cost, row.number)
            if point is not None:
                yield Timed(row, clock, point)


def _lowest(timed: Sequence[Timed], family: str) -> float:
    return min((each.point.valid for each in timed if each.row.family == family), default=math.inf)


def _gap(here: float, anywhere: float) -> float:
    """How far a perplexity is above another, as a share; to a thousandth, since seeds differ by more."""
    return round(here / anywhere - 1, 3)


def timed_elsewhere(rows: Sequence[Row], cost: Measure, clock: Clock) -> list[Timed]:
    """The best row of each compared family, by validation perplexity, where neither it nor another as good
    was timed by this clock."""
    timed = list(_timed(rows, cost))
    found = []
    for family in COMPARED:
        own = [each for each in timed if each.row.family == family]
        here = [each for each in own if each.clock == clock]
        best = min(own, key=lambda each: each.point.valid, default=None)
        if best is None or best.row in [each.row for each in here]:
            continue
        if _gap(_lowest(here, family), best.point.valid):
            found.append(best)
    return found


def notes_of_elsewhere(groups: Iterable[RankedGroup], costs: Iterable[Measure]) -> list[Paragraph]:
    """For each corpus, the best models that a comparison at equal cost lacks because another machine timed
    them."""
    notes = []
    for group, cost in product(groups, costs):
        clock = clock_for(group, cost)
        said = [
            f"{each.row.label} (test perplexity {text.perplexity(each.point.shown)}, "
            f"{cost.show(each.point.cost)} on {each.clock[0]})"
            for each in timed_elsewhere(group.rows, cost, clock)
            if each.clock is not None
        ]
        if said and clock is not None:
            line = (
                f"{group.title}, {cost.noun}: compared on {clock[0]}. Timed on another machine, and so "
                f"missing: {text.listed(said)}."
            )
            notes.append(Paragraph((line,), "note", group.corpus))
    return notes
