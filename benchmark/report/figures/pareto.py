"""Perplexity against a cost, with a line through the points that no other beats in both respects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.report.figures.labels import Label, beside_points, wrapped
from benchmark.report.figures.style import HEIGHT, canvas, family_legend, log_axis, margins
from benchmark.report.palette import LIGHT, MARKERS, family_colour

#: With more points than this, only the Pareto front and the best of each family are named.
MOST = 24
#: By what factors the axis of perplexity may extend below the lowest, at the least.
ROOMS = (1.16, 1.35, 1.6, 2.0)


@dataclass(frozen=True)
class Point:
    """A row, by cost and perplexity."""

    row: int
    name: str
    family: str
    cost: float
    perplexity: float
    #: Whether readers look for it: it stands for its family, or is well known.
    winner: bool = False
    #: What stands behind its name, such as the letter of a machine.
    end: str = ""


def front(points: Sequence[Point], *, more_is_better: bool) -> list[Point]:
    """The Pareto front, cheapest first: the points that no other beats in both respects."""
    sign = -1 if more_is_better else 1
    kept: list[Point] = []
    for point in sorted(points, key=lambda p: (sign * p.cost, p.perplexity)):
        if not kept or point.perplexity < kept[-1].perplexity:
            kept.append(point)
    return kept


def pareto(points: Sequence[Point], cost: Measure) -> Figure:
    """A scatter plot on logarithmic axes. Names stand beside the marks where there is room for them; below
    the marks, there is as much room as the names of the winners need."""
    for room in ROOMS:
        figure, unnamed = _with_room(points, cost, room)
        if not unnamed:
            break
    return figure


def _with_room(points: Sequence[Point], cost: Measure, room: float) -> tuple[Figure, set[int]]:
    """The plot with some room below the marks, and the rows of the winners that it does not name."""
    crowded = len(points) > MOST
    figure, axes = canvas(HEIGHT + 60 if crowded else HEIGHT)
    costs, heights = [p.cost for p in points], [p.perplexity for p in points]
    margins(figure, 52, 14, top=26)
    axes.set_xlim(min(costs) / _room(costs), max(costs) * _room(costs))
    axes.set_ylim(min(heights) / _room(heights, room), max(heights) * _room(heights, 1.1))
    log_axis(axes, "x", cost.show)
    log_axis(axes, "y", lambda value: text.significant(value, 3))
    best = front(points, more_is_better=cost.better == "higher")
    marks, corners = ([(p.cost, p.perplexity) for p in of] for of in (points, best))
    dashes = (0, (4, 2))
    axes.step(
        *zip(*corners, strict=True),
        where="post",
        color=LIGHT["muted"],
        linewidth=1.1,
        linestyle=dashes,
        zorder=1,
    )
    named = to_name(points, best)
    if not crowded:
        named += sorted((p for p in points if p not in named), key=lambda p: p.perplexity)
    _all_marks(axes, points, named)
    family_legend(axes, [point.family for point in points])
    labels = [Label(_label(p), p.cost, p.perplexity, LIGHT["ink"], p.row) for p in named]
    winners = {point.row for point in points if point.winner}
    left_out = beside_points(axes, labels, marks, corners, winners=len(winners))
    axes.set(xlabel=cost.axis, ylabel="test perplexity (lower is better)")
    return figure, winners & {label.row for label in left_out}


def _label(point: Point) -> str:
    return wrapped(point.name, lines=3 if point.winner else 2, end=point.end)


def to_name(points: Sequence[Point], best: Sequence[Point]) -> list[Point]:
    """The points to name, the most important first.

    These are the winner of each family, the lowest perplexity of each, and the front, `best`: its cheapest
    point, then those that lower the perplexity most.
    """
    lowest: dict[str, Point] = {}
    for point in sorted(points, key=lambda p: p.perplexity):
        lowest.setdefault(point.family, point)
    drops = [math.inf] + [math.log(a.perplexity / b.perplexity) for a, b in pairwise(best)]
    along = [point for _, point in sorted(zip(drops, best, strict=True), key=lambda pair: -pair[0])]
    winners = [point for point in points if point.winner]
    return list(dict.fromkeys([*winners, *lowest.values(), *along]))


def _room(values: Sequence[float], least: float = 1.6) -> float:
    """The factor by which an axis extends beyond its data."""
    return max(least, math.exp(0.14 * math.log(max(values) / min(values))))


def _all_marks(axes: Axes, points: Sequence[Point], named: Sequence[Point]) -> None:
    for family in dict.fromkeys(point.family for point in points):
        own = [point for point in points if point.family == family]
        _marks(axes, [point for point in own if point not in named], behind=True)
        _marks(axes, [point for point in own if point in named], behind=False)


def _marks(axes: Axes, points: Sequence[Point], behind: bool) -> None:
    """Draws points of one family; those `behind` are small rings."""
    if points:
        axes.scatter(
            [point.cost for point in points],
            [point.perplexity for point in points],
            s=18 if behind else 60,
            marker=MARKERS.get(points[0].family, "o"),
            facecolors=LIGHT["ground"] if behind else family_colour(points[0].family),
            edgecolors=family_colour(points[0].family) if behind else LIGHT["ground"],
            linewidths=0.9,
            gid="rows-" + "-".join(str(point.row) for point in points),
            clip_on=False,
            zorder=2 if behind else 3,
        )
