"""What perplexity costs: against each cost measure with the Pareto front, and what the cost is made of."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.measures import COSTS, TEST_PERPLEXITY, VALID_PERPLEXITY
from benchmark.report.blocks import Block, Figure, Fold, Section
from benchmark.report.context import Context
from benchmark.report.fields import FAMILY, LABEL, Field, cells_of, columns_of, measure_field, text_field
from benchmark.report.footprints import footprints
from benchmark.report.order_sizes import order_sizes
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import TableRow, data_table
from benchmark.report.timings import timings
from benchmark.report.trained_parts import trained_parts

if TYPE_CHECKING:
    from benchmark.report.figures.pareto import Point

ORDER = 40
#: Rows with more than this many times the best perplexity would squeeze all others into a corner.
REACH = 3.5
#: Models that readers look for: the best of these is named like the winner of a family.
WELL_KNOWN = ("kneser_ney",)
#: Rows that a caption lists by name.
MOST_NAMED = 5


def build(context: Context) -> Section | None:
    blocks: list[Block] = [
        _figure(group, cost, rows, context)
        for cost in COSTS
        for group in context.ranked_groups
        if group.has_several_models and len(rows := _with_finite_values(group, cost)) > 1
    ]
    blocks += filter(None, map(footprints, context.ranked_groups))
    blocks += filter(None, map(trained_parts, context.ranked_groups))
    if speeds := timings(context):
        blocks.append(speeds)
    if orders := tuple(filter(None, map(order_sizes, context.ranked_groups))):
        blocks.append(Fold("Size by n-gram order", orders))
    return Section("cost", "What it costs", tuple(blocks)) if blocks else None


def _with_finite_values(group: RankedGroup, cost: Measure) -> list[Row]:
    """Rows that have a place on both logarithmic axes."""
    return [
        row
        for row in group.rows
        if (row.perplexity or math.inf) < math.inf and 0 < (row.mean(cost) or 0.0) < math.inf
    ]


def _figure(group: RankedGroup, cost: Measure, rows: list[Row], context: Context) -> Figure:
    from benchmark.report.figures.pareto import pareto

    used = sorted({letter for row in rows if (letter := context.machine_of(row)) is not None})
    machines = used if cost.timed and len(used) > 1 else []
    best = rows[0]
    cheapest = min(rows, key=lambda row: (row.mean(cost) or 0.0) * (-1 if cost.better == "higher" else 1))
    alt = (
        f"Scatter plot of perplexity against {cost.noun} for {len(rows)} models on {group.title}. "
        f"Lowest perplexity: {best.label}, {text.perplexity(best.perplexity)} at "
        f"{cost.show(best.mean(cost))}. Best {cost.noun}: {cheapest.label}, {cost.show(cheapest.mean(cost))} "
        f"at {text.perplexity(cheapest.perplexity)}."
    )
    name = f"{cost.key}_{group.file}"
    fields: tuple[Field[Row], ...] = (
        LABEL,
        FAMILY,
        measure_field(cost),
        measure_field(TEST_PERPLEXITY),
        text_field("machine", "Machine", lambda row: row.machine),
    )
    data = [TableRow(cells_of(fields, row), row.number, row.family) for row in rows]
    letters = {row.number: f" [{context.machine_of(row)}]" if machines else "" for row in rows}
    best_rows = _front_rows(cost, [row for row in rows if _within_reach(row, rows)])
    along = tuple(
        f"{row.label}: {cost.show(row.mean(cost))}, perplexity {text.perplexity(row.perplexity)}"
        for row in best_rows
    )
    return Figure(
        name,
        f"{group.title}: perplexity and {cost.noun}",
        _caption(group, cost, rows, machines, context),
        alt,
        partial(pareto, _points(group, cost, rows, letters), cost),
        data_table(name, columns_of(fields), data),
        group.corpus,
        (f"The {text.plural(len(along), 'model')} on the dashed line, cheapest first", along),
    )


def _caption(
    group: RankedGroup, cost: Measure, rows: list[Row], machines: list[str], context: Context
) -> str:
    corner = "lower right" if cost.better == "higher" else "lower left"
    caption = (
        f"Perplexity against {cost.noun} on {group.title}. Both axes are logarithmic; the best corner is the "
        f"{corner}. No other model beats those on the dashed line in both respects. "
        "Filled marks are on it, or the best of a family; the others are rings."
    )
    far = [row.label for row in rows if not _within_reach(row, rows)]
    if far:
        shown = [text.clean(label, 40) for label in far[:MOST_NAMED]]
        others = [f"{len(far) - len(shown)} more"] if len(far) > len(shown) else []
        caption += f" Beyond the upper edge: {text.listed(shown + others)}."
    if machines:
        key = {letter: machine for machine, letter in context.machines.items()}
        named = "; ".join(f"{letter} {key[letter]}" for letter in machines)
        caption += f" Letters in brackets name the machine that was timed: {named}."
    return caption


def _front_rows(cost: Measure, rows: list[Row]) -> list[Row]:
    """The rows on the dashed line, cheapest first."""
    from benchmark.report.figures.pareto import front

    numbered = {row.number: row for row in rows}
    best = front([_point(cost, row) for row in rows], more_is_better=cost.better == "higher")
    return [numbered[point.row] for point in best]


def _within_reach(row: Row, rows: list[Row]) -> bool:
    return (row.perplexity or 1.0) <= REACH * (rows[0].perplexity or 1.0)


def _point(cost: Measure, row: Row, name: str = "", letter: str = "", *, winner: bool = False) -> Point:
    from benchmark.report.figures.pareto import Point

    shown = name or row.label
    return Point(row.number, shown, row.family, row.mean(cost) or 1.0, row.perplexity or 1.0, winner, letter)


def _validation(row: Row) -> float:
    return row.mean(VALID_PERPLEXITY) or math.inf


def _points(group: RankedGroup, cost: Measure, rows: list[Row], letters: dict[int, str]) -> list[Point]:
    """The rows that are drawn, a winner of each family and the best well-known model marked as such."""
    known = [row for row in rows if row.model in WELL_KNOWN]
    named = [*map(group.best, FAMILY_NAMES), min(known, key=_validation, default=None)]
    winners = {row.number: row for row in named if row}
    plain = Counter(text.clean(row.first.label) for row in winners.values())
    # the settings in which a row differs from others are needed only beside one of them
    short = {n: name for n, row in winners.items() if plain[name := text.clean(row.first.label)] == 1}
    return [
        _point(cost, row, short.get(row.number, ""), letters[row.number], winner=row.number in winners)
        for row in rows
        if _within_reach(row, rows)
    ]
