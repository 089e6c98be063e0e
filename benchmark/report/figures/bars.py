"""Perplexity of every model as bars from zero."""

from __future__ import annotations

from collections.abc import Sequence

import seaborn as sns
from matplotlib.figure import Figure

from benchmark.report import text
from benchmark.report.figures.style import WIDTH, canvas, margins, text_width
from benchmark.report.palette import LIGHT, family_colour
from benchmark.report.rows import Row

#: A bar longer than this many times the best is cut, or the others could not be told apart.
CUT = 3.5


def perplexity_bars(title: str, rows: Sequence[Row]) -> Figure:
    """One bar a row, best on top, with its value and its deviation over seeds."""
    figure, axes = canvas(f"{title}: test perplexity", 70 + 21.0 * len(rows))
    values = [row.perplexity or 0.0 for row in rows]
    limit = min(max(values), CUT * min(values))
    numbers = [str(row.number) for row in rows]
    colours = [family_colour(row.family) for row in rows]
    sns.barplot(
        x=[min(value, limit) for value in values],
        y=numbers,
        hue=numbers,
        palette=colours,
        orient="h",
        legend=False,
        saturation=1,
        ax=axes,
    )
    bars = [container[0] for container in axes.containers]
    shown = [_value(row, value > limit) for row, value in zip(rows, values, strict=True)]
    for row, value, bar, said in zip(rows, values, bars, shown, strict=True):
        bar.set_gid(f"row-{row.number}-0")
        middle, end = bar.get_y() + bar.get_height() / 2, bar.get_width()
        deviation = row.deviation("test_perplexity") or 0.0
        if deviation and value <= limit:
            axes.errorbar(value, middle, xerr=deviation, color=LIGHT["ink"], linewidth=1.2)
            end += deviation
        axes.annotate(
            said,
            (end, middle),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            gid=f"row-{row.number}-9",
        )
    names = [text.clean(row.label, 30) for row in rows]
    axes.set_yticks(range(len(rows)), names, color=LIGHT["ink"])
    axes.set_xlim(0, limit)
    axes.set(xlabel="test perplexity (shorter is better)", ylabel="")
    axes.grid(False, axis="y")
    margins(figure, min(text_width(figure, names) + 10, WIDTH * 0.5), text_width(figure, shown) + 8, top=30)
    return figure


def _value(row: Row, cut: bool) -> str:
    deviation = row.deviation("test_perplexity")
    spread = f" ± {text.significant(deviation, 2)}" if deviation is not None else ""
    return f"{'» ' if cut else ''}{text.perplexity(row.perplexity)}{spread}"
