"""Tables and line charts of studies, made from the numbers that they measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.report.blocks import Figure
from benchmark.report.tables import Column, Group, Table, TableRow, data_table, number_cell, text_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


#: What a caption says of lines with several repeats, each a seed.
OVER_SEEDS = "A line is the mean over seeds, its band one standard deviation."


@dataclass(frozen=True)
class Curve:
    """A named line: for each seed, or whatever else it was repeated over, its points (x, y).

    `family` (`count`, `neural`, `mixture`) chooses its colour. Points that are not finite are in the figure's
    data and not in the drawing.
    """

    name: str
    family: str
    repeats: tuple[tuple[tuple[float, float], ...], ...]

    @classmethod
    def of(cls, name: str, family: str, points: Sequence[Sequence[float]]) -> Curve:
        """A line that was measured once."""
        return cls(name, family, (tuple((float(x), float(y)) for x, y in points),))


@dataclass(frozen=True)
class Axes:
    """What the axes of a chart say, and which of them are logarithmic.

    `ceiling`: no value above it is drawn on a logarithmic y axis; a triangle marks where a line goes on.
    """

    x: str
    y: str
    log_x: bool = False
    log_y: bool = False
    ceiling: float | None = None


def line_figure(name: str, title: str, caption: str, curves: Sequence[Curve], axes: Axes) -> Figure:
    """A line chart with its data as CSV. `name` is its file name, so it begins with the name of the study."""
    columns = (
        Column("line", "Line"),
        Column("repeat", "Repeat", "right"),
        Column("x", axes.x, "right"),
        Column("y", axes.y, "right"),
    )
    rows = [
        TableRow(
            (
                text_cell(curve.name),
                number_cell(number, text.amount),
                number_cell(x, text.amount),
                number_cell(y, lambda value: text.significant(value or 0.0, 3)),
            )
        )
        for curve in curves
        for number, points in enumerate(curve.repeats, start=1)
        for x, y in points
    ]
    named = text.listed([curve.name for curve in curves])
    alt = f"Line chart of {axes.y} by {axes.x} for {named}."
    return Figure(name, title, caption, alt, partial(_draw, curves, axes), data_table(name, columns, rows))


def _draw(curves: Sequence[Curve], axes: Axes) -> Drawing:
    from benchmark.report.figures.lines import Line, line_chart
    from benchmark.report.figures.style import log_axis

    lines = []
    for number, curve in enumerate(curves, start=1):
        finite = tuple(
            tuple((x, y) for x, y in points if math.isfinite(y) and (y > 0 or not axes.log_y))
            for points in curve.repeats
        )
        if any(finite):
            lines.append(Line(number, curve.name, curve.family, tuple(filter(None, finite))))
    drawing, drawn = line_chart(
        lines,
        xlabel=axes.x,
        ylabel=axes.y,
        log_x=axes.log_x,
        log_y=axes.log_y,
        ceiling=axes.ceiling,
        marked=True,
    )
    if max((y for line in lines for y in line.ys), default=0) >= LARGE:
        if axes.log_y:
            log_axis(drawn, "y", text.amount)
        else:
            drawn.yaxis.set_major_formatter(lambda y, _: text.amount(y))
    return drawing


#: From here on, numbers on an axis are written as 120 k.
LARGE = 10_000

#: How a number of a table is shown.
Show = Callable[[float | None], str]


def plain_table(
    name: str, caption: str, columns: Sequence[tuple[str, Show | None]], rows: Sequence[Sequence[object]]
) -> Table:
    """A table of texts and numbers. A column is its heading with how its numbers are shown, or with None for
    texts. `name` is its file name, so it begins with the name of the study."""
    headings = tuple(
        Column(_key(heading), heading, "left" if show is None else "right") for heading, show in columns
    )
    made = []
    for row in rows:
        cells = []
        for value, (_, show) in zip(row, columns, strict=True):
            number = value if isinstance(value, int | float) else None
            cells.append(text_cell(value) if show is None else number_cell(number, show))
        made.append(TableRow(tuple(cells)))
    return Table(name, caption, headings, (Group(tuple(made)),))


def _key(heading: str) -> str:
    return "_".join(heading.lower().replace(",", "").split())
