"""Perplexity against what it costs, with the rows that nothing beats on both counts joined by a line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.report import text
from benchmark.report.figures.labels import Label, beside_points
from benchmark.report.figures.style import canvas, log_axis, margins
from benchmark.report.palette import FAMILY_NAMES, LIGHT, MARKERS, family_colour


@dataclass(frozen=True)
class Point:
    """A row in the plane of cost and perplexity."""

    row: int
    name: str
    family: str
    cost: float
    perplexity: float


def front(points: Sequence[Point], more_is_better: bool) -> list[Point]:
    """The points that no other beats in one respect without losing in the other, cheapest first."""
    sign = -1 if more_is_better else 1
    kept: list[Point] = []
    for point in sorted(points, key=lambda p: (sign * p.cost, p.perplexity)):
        if not kept or point.perplexity < kept[-1].perplexity:
            kept.append(point)
    return kept


def pareto(
    title: str,
    points: Sequence[Point],
    axis: str,
    show: Callable[[float | None], str],
    more_is_better: bool = False,
    ticks: Sequence[float] = (),
) -> Figure:
    """A scatter plot on logarithmic axes; names stand beside the marks where there is room."""
    figure, axes = canvas(title)
    costs, heights = [p.cost for p in points], [p.perplexity for p in points]
    margins(figure, 52, 24, top=48)
    axes.set_xlim(min(costs) / _room(costs), max(costs) * _room(costs))
    axes.set_ylim(min(heights) / _room(heights, 1.1), max(heights) * _room(heights, 1.1))
    log_axis(axes, "x", show, ticks)
    log_axis(axes, "y", lambda value: text.significant(value, 3))
    best = front(points, more_is_better)
    axes.step(
        [p.cost for p in best],
        [p.perplexity for p in best],
        where="post",
        color=LIGHT["muted"],
        linewidth=1.1,
        linestyle=(0, (4, 2)),
        zorder=1,
    )
    for point in points:
        axes.plot(
            point.cost,
            point.perplexity,
            MARKERS.get(point.family, "o"),
            color=family_colour(point.family),
            markeredgecolor=LIGHT["ground"],
            markersize=8,
            gid=f"row-{point.row}-0",
            clip_on=False,
            zorder=3,
        )
    _family_key(axes, points)
    order = [*best, *sorted((p for p in points if p not in best), key=lambda p: p.perplexity)]
    labels = [Label(p.name, p.cost, p.perplexity, LIGHT["ink"], p.row) for p in order]
    beside_points(
        axes, labels, [(p.cost, p.perplexity) for p in points], [(p.cost, p.perplexity) for p in best]
    )
    axes.set(xlabel=axis, ylabel="test perplexity (lower is better)")
    return figure


def _room(values: Sequence[float], least: float = 1.6) -> float:
    """The factor the axis reaches beyond its data."""
    return max(least, math.exp(0.14 * math.log(max(values) / min(values))))


def _family_key(axes: Axes, points: Sequence[Point]) -> None:
    families = [family for family in FAMILY_NAMES if any(p.family == family for p in points)]
    colours = [family_colour(family) for family in families]
    handles = [
        axes.plot([], [], MARKERS[family], color=colour, markersize=7)[0]
        for family, colour in zip(families, colours, strict=True)
    ]
    axes.legend(
        handles,
        [FAMILY_NAMES[family] for family in families],
        loc="lower left",
        bbox_to_anchor=(-0.025, 1.0),
        ncols=3,
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.2,
        borderpad=0,
    )
    sns.despine(ax=axes, left=True)
