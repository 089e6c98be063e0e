"""Line charts of several models, with their names to the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark import text
from benchmark.report.figures.labels import GUTTER, SIZE, Label, at_right, wrapped
from benchmark.report.figures.style import WIDTH, canvas, log_axis, margins, text_width
from benchmark.report.palette import LIGHT, MARKERS, SERIES

#: Points above the axes for the text of one mark.
MARK_ROW = 14.0
#: The markers of lines that are all of one family.
SHAPES = "oDs^vP"
DASHES = {"count": (4, 1.5), "neural": (), "mixture": (1, 1)}


@dataclass(frozen=True)
class Line:
    """A model's line: a list of (x, y) for each seed. `row` links it to the comparison table.

    With `steps` it is level from each point up to the next; the last one is where it ends, and has no mark.
    """

    row: int
    name: str
    family: str
    seeds: tuple[tuple[tuple[float, float], ...], ...]
    steps: bool = False

    @property
    def ys(self) -> list[float]:
        return [y for seed in self.seeds for _, y in seed]


@dataclass(frozen=True)
class Level:
    """A horizontal line for comparison: a model without a curve."""

    row: int
    name: str
    family: str
    y: float


@dataclass(frozen=True)
class Mark:
    """A place on the x axis with a short text, such as where two lines cross."""

    x: float
    text: str


def colours_of(lines: Sequence[Line | Level]) -> list[str]:
    """A colour for each line: the family's own for its first line, then the next free one of its series.

    The own colour of another family that is drawn is never taken. Levels have their family's own.
    """
    own = {line.family: SERIES.get(line.family, SERIES["count"])[0] for line in lines}
    taken: set[str] = set()
    chosen = []
    for line in lines:
        wanted = SERIES.get(line.family, SERIES["count"])
        others = {hue for family, hue in own.items() if family != line.family}
        free = [hue for hue in wanted if hue not in taken | others] if isinstance(line, Line) else []
        chosen.append(LIGHT[free[0] if free else wanted[0]])
        taken |= set(free[:1])
    return chosen


def line_chart(
    title: str,
    lines: Sequence[Line],
    levels: Sequence[Level] = (),
    *,
    xlabel: str,
    ylabel: str,
    marks: Sequence[Mark] = (),
    log_x: bool = False,
    log_y: bool = False,
    ceiling: float | None = None,
    marked: bool = False,
    joined: bool = True,
    bottom: float = 44,
    left: float = 52,
) -> tuple[Figure, Axes]:
    """A chart of lines, levels and marks, and its axes.

    Lines are means over seeds, with a band of one standard deviation. If there are several families, n-gram
    models are dashed; otherwise each line has a marker of its own. Names are to the right, and `marks` are
    dotted vertical lines with their text on top. Without `joined`, only the markers are drawn: the places on
    the x axis have no order. With `log_y`, lines above `ceiling` leave at the upper edge.
    Means and bands are those of the values, not of their logarithms, on logarithmic axes as well.
    """
    figure, axes = canvas(title)
    everything: list[Line | Level] = [*lines, *levels]
    mixed = len({line.family for line in lines}) > 1
    colours = colours_of(everything)
    for place, (line, colour) in enumerate(zip(lines, colours, strict=False)):
        shape = MARKERS.get(line.family, "o") if mixed else SHAPES[place % len(SHAPES)]
        frame = pd.DataFrame([(x, y) for seed in line.seeds for x, y in seed], columns=["x", "y"])
        before = len(axes.lines)
        sns.lineplot(
            frame,
            x="x",
            y="y",
            estimator="mean" if len(line.seeds) > 1 else None,
            errorbar="sd" if len(line.seeds) > 1 else None,
            color=colour,
            dashes=False,
            linestyle=_style(line, mixed) if joined else "",
            marker=shape if marked else None,
            markersize=6,
            drawstyle="steps-post" if line.steps else "default",
            markevery=slice(0, -1) if line.steps else None,
            ax=axes,
        )
        for index, drawn in enumerate(axes.lines[before:]):
            drawn.set_gid(f"row-{line.row}-{index}")
    for level, colour in zip(levels, colours[len(lines) :], strict=True):
        axes.axhline(level.y, color=colour, linestyle=(0, (4, 1.5)), linewidth=1.3, gid=f"row-{level.row}-0")
    names = [wrapped(line.name) for line in everything]
    right = min(text_width(figure, names, SIZE) + GUTTER + 4, WIDTH * 0.46)
    margins(figure, left, right, bottom, top=34 + MARK_ROW * len(marks))
    if log_x:
        xs = [x for line in lines for seed in line.seeds for x, _ in seed] + [mark.x for mark in marks]
        axes.set_xlim(min(xs) / 1.15, max(xs) * 1.15)
        log_axis(axes, "x", text.amount)
    else:
        axes.margins(x=0.02)
    if log_y:
        low = min(y for line in lines for y in line.ys)
        low = min([low, *(level.y for level in levels)])
        high = max([y for line in lines for y in line.ys] + [level.y for level in levels])
        axes.set_ylim(low / 1.06, min(high, ceiling or high) * 1.06)
        log_axis(axes, "y", lambda value: text.significant(value, 3))
    axes.set(xlabel=xlabel, ylabel=ylabel)
    _name_lines(axes, everything, names, colours)
    _draw_marks(figure, axes, marks)
    return figure, axes


def _style(line: Line, mixed: bool) -> Any:
    """How a line is dashed, as matplotlib takes it."""
    return (0, DASHES[line.family]) if mixed and DASHES.get(line.family) else "-"


def _draw_marks(figure: Figure, axes: Axes, marks: Sequence[Mark]) -> None:
    """Draws each mark, its text in a row of its own above the axes and as near to it as the width allows."""
    frame = axes.get_window_extent()
    for row, mark in enumerate(marks):
        axes.axvline(mark.x, color=LIGHT["ink"], linewidth=1.0, linestyle=(0, (1.5, 2)), zorder=1.5)
        shown = text.clean(mark.text, 64)
        wide = text_width(figure, [shown], SIZE)
        x = axes.transData.transform((mark.x, axes.get_ylim()[0]))[0]
        left = max(4.0, min(x - wide / 2, WIDTH - 4 - wide))
        axes.text(
            (left - frame.x0) / frame.width,
            1 + (4 + MARK_ROW * row) / frame.height,
            shown,
            transform=axes.transAxes,
            va="bottom",
            fontsize=SIZE,
        )


def _name_lines(
    axes: Axes, lines: Sequence[Line | Level], names: Sequence[str], colours: Sequence[str]
) -> None:
    labels = []
    for line, name, colour in zip(lines, names, colours, strict=True):
        if isinstance(line, Level):
            x, y = axes.get_xlim()[1], line.y
        else:
            x, y = _end(axes, [seed for seed in line.seeds if seed])
        labels.append(Label(name, x, y, colour, line.row))
    at_right(axes, labels)


def _end(axes: Axes, seeds: Sequence[Sequence[tuple[float, float]]]) -> tuple[float, float]:
    """Where a line ends: at its last point, or where it last leaves the axes at the top."""
    ends = [max(seed) for seed in seeds]
    x, y = max(x for x, _ in ends), sum(y for _, y in ends) / len(ends)
    top = axes.get_ylim()[1]
    if y <= top:
        return x, y
    points = sorted(seeds[0])
    for before, after in reversed(list(pairwise(points))):
        if before[1] <= top < after[1]:
            (x0, y0), (x1, y1) = axes.transData.transform([before, after])
            edge = axes.transData.transform((x, top))[1]
            across = x0 + (x1 - x0) * (edge - y0) / (y1 - y0)
            return axes.transData.inverted().transform((across, edge))[0], top
    return x, top
