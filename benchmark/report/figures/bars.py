"""Perplexity of every model as bars that start at zero."""

from __future__ import annotations

from collections.abc import Sequence

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark import text
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.report.figures.labels import SIZE, wrapped
from benchmark.report.figures.style import WIDTH, canvas, family_legend, margins, text_width
from benchmark.report.palette import LIGHT, MARKERS, family_colour
from benchmark.report.rows import Row

#: A bar longer than this many times the best is cut off, or the others could not be told apart.
CUT = 3.5


def perplexity_bars(title: str, rows: Sequence[Row]) -> Figure:
    """A bar for each row, best at the top, with its value and its deviation over seeds."""
    names = [wrapped(row.label, 30) for row in rows]
    families = {row.family for row in rows}
    step = 27.0 if any("\n" in name for name in names) else 21.0
    top = 48.0 if len(families) > 1 else 30.0
    figure, axes = canvas(f"{title}: test perplexity", 40 + top + step * len(rows))
    values = [row.perplexity or 0.0 for row in rows]
    limit = min(max(values), CUT * min(values))
    numbers = [str(row.number) for row in rows]
    sns.barplot(
        x=[min(value, limit) for value in values],
        y=numbers,
        color=LIGHT["muted"],  # each bar gets its own below: seaborn would draw one plot per hue
        orient="h",
        saturation=1,
        ax=axes,
    )
    bars = list(axes.containers[0])
    shown = [_value(row, value > limit) for row, value in zip(rows, values, strict=True)]
    for row, value, bar, value_text in zip(rows, values, bars, shown, strict=True):
        bar.set_gid(f"row-{row.number}-0")
        bar.set_facecolor(family_colour(row.family))
        if len(families) > 1:
            _family_mark(axes, row, bar.get_y() + bar.get_height() / 2, limit)
        middle, end = bar.get_y() + bar.get_height() / 2, bar.get_width()
        deviation = row.deviation(TEST_PERPLEXITY) or 0.0
        if deviation and value <= limit:
            axes.errorbar(value, middle, xerr=deviation, color=LIGHT["ink"], linewidth=1.2)
            end += deviation
        axes.annotate(
            value_text,
            (end, middle),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            gid=f"row-{row.number}-9",
        )
    axes.set_yticks(range(len(rows)), [])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for row, place, name in zip(rows, range(len(rows)), names, strict=True):
        _write_name(axes, name, place, row.number)
    axes.set_xlim(0, limit)
    axes.set(xlabel="test perplexity (shorter is better)", ylabel="")
    axes.grid(False, axis="y")
    left = min(text_width(figure, names, SIZE) + 10, WIDTH * 0.5)
    margins(figure, left, text_width(figure, shown) + 8, top=top)
    if len(families) > 1:
        family_legend(axes, families)
    return figure


def _write_name(axes: Axes, name: str, place: int, number: int) -> None:
    """Writes a name to the left of its bar, line by line, so that a page aligns them to the right."""
    lines = name.split("\n")
    for index, line in enumerate(lines):
        axes.annotate(
            line,
            (0, place),
            xytext=(-5, ((len(lines) - 1) / 2 - index) * 1.1 * SIZE),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=SIZE,
            gid=f"row-{number}-9",
        )


def _family_mark(axes: Axes, row: Row, middle: float, limit: float) -> None:
    """Draws the family's shape at the foot of the bar, for readers and printers without colour."""
    axes.plot(
        0.025 * limit,
        middle,
        MARKERS.get(row.family, "o"),
        color=LIGHT["ground"],
        markersize=4.5,
        markeredgewidth=0,
        gid=f"row-{row.number}-0",
    )


def _value(row: Row, cut: bool) -> str:
    deviation = row.deviation(TEST_PERPLEXITY)
    spread = f" ± {text.significant(deviation, 2)}" if deviation is not None else ""
    return f"{'» ' if cut else ''}{text.perplexity(row.perplexity)}{spread}"
