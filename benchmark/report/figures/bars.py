"""Perplexity of every model as bars from zero."""

from __future__ import annotations

from collections.abc import Sequence

import seaborn as sns
from matplotlib.figure import Figure

from benchmark.report import text
from benchmark.report.figures.style import FONT, WIDTH, canvas, margins, text_width
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
    lengths = [min(value, limit) for value in values]
    sns.barplot(
        x=lengths, y=numbers, hue=numbers, palette=colours, orient="h", legend=False, saturation=1, ax=axes
    )
    bars = [container[0] for container in axes.containers]
    for row, value, length, bar in zip(rows, values, lengths, bars, strict=True):
        bar.set_gid(f"row-{row.number}")
        middle = bar.get_y() + bar.get_height() / 2
        deviation = row.deviation("test_perplexity")
        if deviation and value <= limit:
            axes.errorbar(value, middle, xerr=deviation, color=LIGHT["ink"], linewidth=1, capsize=2)
        shown = text.perplexity(value) + (f" ± {text.decimals(deviation, 1)}" if deviation else "")
        mark = "» " if value > limit else ""
        reach = length + (deviation or 0.0) * (value <= limit)
        axes.annotate(
            mark + shown,
            (reach, middle),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=FONT,
            color=LIGHT["ink"],
            gid=f"row-{row.number}-2",
        )
    names = [text.clean(row.label, 32) for row in rows]
    axes.set_yticks(range(len(rows)), names, color=LIGHT["ink"])
    axes.set_xlim(0, limit)
    axes.set(xlabel="test perplexity (shorter is better)", ylabel="")
    axes.grid(False, axis="y")
    left = text_width(figure, names) + 12
    margins(figure, min(left, WIDTH * 0.5), text_width(figure, ["» 10,000.0 ± 10.0"]), 40)
    return figure
