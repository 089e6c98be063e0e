"""What perplexity costs: against memory, scoring speed and training time, with the Pareto front."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.report.blocks import Figure, Section
from benchmark.report.context import Context
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Column, TableRow, data_table, number_cell, text_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from benchmark.report.figures.pareto import Point

ORDER = 40
#: Rows with more than this many times the best perplexity would squeeze all others into a corner.
REACH = 3.5
#: Rows that a caption lists by name.
MOST_NAMED = 5


@dataclass(frozen=True)
class Axis:
    """One thing that is paid or gained: its file name, its words, and how a row's value is read."""

    key: str
    title: str
    label: str
    of: Callable[[Row], float | None]
    show: Callable[[float | None], str]
    more_is_better: bool = False
    timing: bool = False
    ticks: tuple[float, ...] = ()


AXES = (
    Axis(
        "memory",
        "memory",
        "memory for scoring (less is better)",
        lambda r: r.mean("bytes_in_memory"),
        text.size,
    ),
    Axis(
        "scoring",
        "scoring speed",
        "tokens scored a second (more is better)",
        lambda r: r.timed("score_tokens_per_second"),
        text.amount,
        more_is_better=True,
        timing=True,
    ),
    Axis(
        "training",
        "training time",
        "training time (less is better)",
        lambda r: r.timed("train_seconds"),
        text.duration,
        timing=True,
        ticks=(0.001, 0.01, 0.1, 1, 10, 120, 1_200, 7_200, 72_000, 720_000),
    ),
)


def build(context: Context) -> Section | None:
    figures = tuple(
        _figure(group, axis, rows, context)
        for axis in AXES
        for group in context.ranked_groups
        if group.has_several_models and len(rows := _placed(group, axis)) > 1
    )
    return Section("cost", "What it costs", figures) if figures else None


def _placed(group: RankedGroup, axis: Axis) -> list[Row]:
    """Rows with a finite place on both logarithmic axes."""
    return [
        row
        for row in group.rows
        if (row.perplexity or math.inf) < math.inf and 0 < (axis.of(row) or 0.0) < math.inf
    ]


def _figure(group: RankedGroup, axis: Axis, rows: list[Row], context: Context) -> Figure:
    corner = "lower right" if axis.more_is_better else "lower left"
    caption = (
        f"Perplexity against {axis.title} on {group.title}; both axes are logarithmic, the best corner is "
        f"the {corner}. No other model beats those on the dashed line in both respects."
    )
    best = rows[0].perplexity or 1.0
    far = [row.label for row in rows if (row.perplexity or 0) > REACH * best]
    if far:
        shown = [text.clean(label, 40) for label in far[:MOST_NAMED]]
        others = [f"{len(far) - len(shown)} more"] if len(far) > len(shown) else []
        caption += f" Beyond the upper edge: {text.listed(shown + others)}."
    used = sorted({context.machines[row.machine] for row in rows})
    several = axis.timing and len(used) > 1
    if several:
        key = {letter: machine for machine, letter in context.machines.items()}
        named = "; ".join(f"{letter} {key[letter]}" for letter in used)
        caption += f" Letters in brackets name the machine that was timed: {named}."
    lead = min(rows, key=lambda row: (axis.of(row) or 0.0) * (-1 if axis.more_is_better else 1))
    alt = (
        f"Scatter plot of perplexity against {axis.title} for {len(rows)} models on {group.title}. "
        f"Lowest perplexity: {rows[0].label}, {text.perplexity(rows[0].perplexity)} at "
        f"{axis.show(axis.of(rows[0]))}. Best {axis.title}: {lead.label}, {axis.show(axis.of(lead))} at "
        f"{text.perplexity(lead.perplexity)}."
    )
    name = f"{axis.key}_{group.file}"
    columns = (
        Column("label", "Model"),
        Column("family", "Family"),
        Column(axis.key, axis.label, "right"),
        Column("test_perplexity", "Test perplexity", "right"),
        Column("machine", "Machine"),
    )
    data = data_table(name, columns, [_data(row, axis) for row in rows])
    letters = {row.number: f" [{context.machines[row.machine]}]" if several else "" for row in rows}
    return Figure(name, caption, alt, partial(_draw, group.title, axis, rows, letters), data)


def _data(row: Row, axis: Axis) -> TableRow:
    cells = (
        text_cell(row.label),
        text_cell(row.family),
        number_cell(axis.of(row), axis.show),
        number_cell(row.perplexity, text.perplexity),
        text_cell(str(row.machine)),
    )
    return TableRow(cells, row.number, row.family)


def _draw(title: str, axis: Axis, rows: list[Row], letters: dict[int, str]) -> Drawing:
    from benchmark.report.figures.pareto import Point, pareto

    points: list[Point] = [
        Point(
            row.number,
            row.label + letters[row.number],
            row.family,
            axis.of(row) or 1.0,
            row.perplexity or 1.0,
        )
        for row in rows
        if (row.perplexity or 1.0) <= REACH * (rows[0].perplexity or 1.0)
    ]
    heading = f"{title}: perplexity and {axis.title}"
    return pareto(heading, points, axis.label, axis.show, axis.more_is_better, axis.ticks)
