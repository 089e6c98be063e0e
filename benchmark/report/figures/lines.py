"""Line charts of several models, with their names to the right."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from benchmark import text
from benchmark.report.figures.edge import LEGEND, mark_edge, note, passes
from benchmark.report.figures.labels import GUTTER, SIZE, Label, at_right, wrapped
from benchmark.report.figures.style import HEIGHT, WIDTH, canvas, log_axis, margins, text_width
from benchmark.report.palette import LIGHT, MARKERS, SERIES

#: Points above the axes for the text of one mark.
MARK_ROW = 14.0
#: Characters in a row of text above the axes: as many as the figure is wide.
ABOVE = 52
#: Characters in a row of a name to the right, and the most rows: narrow where more than `MANY` groups are
#: named below, which need the room.
WIDE, NARROW, MANY = (22, 3), (18, 4), 10
#: The rows of names that fit, and those that fit where groups are named below; more make the figure higher.
NAME_ROWS, BESIDE_GROUPS = 12, 9
#: The share of their width that a linear x axis has left on each side.
MARGIN = 0.06
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

    @property
    def mean(self) -> list[tuple[float, float]]:
        """The line that is drawn: at each x, the mean of the seeds that have it."""
        at: dict[float, list[float]] = {}
        for x, y in (point for seed in self.seeds for point in seed):
            at.setdefault(x, []).append(y)
        return [(x, sum(ys) / len(ys)) for x, ys in sorted(at.items())]


@dataclass(frozen=True)
class Level:
    """A horizontal line for comparison: a model without a curve."""

    row: int
    name: str
    family: str
    y: float


@dataclass(frozen=True)
class Mark:
    """A place on the x axis with a short text, such as where two lines cross; at `y`, it gets a ring. One
    without a text is the ring alone. `tells` is what happens there, `row` the row of the comparison that the
    ring belongs to."""

    x: float
    text: str
    y: float | None = None
    tells: str = ""
    row: int = 0


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
    groups: Sequence[tuple[str, str]] = (),
    left: float = 52,
) -> tuple[Figure, Axes]:
    """A chart of lines, levels and marks, and its axes.

    Lines are means over seeds, with a band of one standard deviation. If there are several families, n-gram
    models are dashed; otherwise each line has a marker of its own. Names are to the right, and `marks` are
    dotted vertical lines with their text on top. Without `joined`, only the markers are drawn: the places on
    the x axis have no order. `groups` names the places 0, 1, … there, each with a text of its own: below the
    name where neighbours keep clear of each other, else beside it, both upright. With `log_y`, lines above
    `ceiling` are cut at the upper edge: a triangle marks the place, and a text above the axes says how far
    those go on that end there. Means and bands are of values, not of logarithms, on logarithmic axes as well.
    """
    everything: list[Line | Level] = [*lines, *levels]
    mixed = len({line.family for line in lines}) > 1
    colours = colours_of(everything)
    top = _top(lines, levels, ceiling) if log_y else math.inf
    above = [one for one in everything if _points(one)[-1][1] > top]
    said_of = [mark for mark in marks if mark.text]
    marked_by = [wrapped(mark.text, ABOVE) for mark in said_of]
    notes = [wrapped(note(one.name, _points(one), top), ABOVE) for one in above]
    legend = [LEGEND] if not above and any(passes(line.mean, top) for line in lines) else []
    rows = sum(map(_rows, [*marked_by, *notes, *legend]))
    named = [one for one in everything if one not in above]
    names = [wrapped(one.name, *(NARROW if len(groups) > MANY else WIDE)) for one in named]
    further = max(0, sum(map(_rows, names)) - (BESIDE_GROUPS if groups else NAME_ROWS))
    figure, axes = canvas(HEIGHT + MARK_ROW * (max(0, rows - 2) + further))
    for place, (line, colour) in enumerate(zip(lines, colours, strict=False)):
        shape = MARKERS.get(line.family, "o") if mixed else SHAPES[place % len(SHAPES)]
        _draw_line(axes, line, colour, _style(line, mixed) if joined else "", shape if marked else None)
    for level, colour in zip(levels, colours[len(lines) :], strict=True):
        if level.y > top:
            continue
        axes.axhline(level.y, color=colour, linestyle=(0, (4, 1.5)), linewidth=1.3, label=level.name,
                     gid=f"row-{level.row}-0")  # fmt: skip
    right = min(text_width(names, SIZE) + GUTTER + 4, WIDTH * 0.48) if named else 14
    below, bottom, rotation = _below(groups, WIDTH - left - right)
    margins(figure, left, right, bottom, top=12 + MARK_ROW * rows)
    if log_x:
        xs = [x for line in lines for seed in line.seeds for x, _ in seed] + [mark.x for mark in marks]
        axes.set_xlim(min(xs) / 1.15, max(xs) * 1.15)
        log_axis(axes, "x", text.amount)
    else:
        axes.margins(x=MARGIN)
        axes.autoscale_view()  # now, not when it is drawn: names are placed by the limits
    if log_y:
        low = min(y for line in lines for y in line.ys)
        low = min([low, *(level.y for level in levels)])
        axes.set_ylim(low / 1.06, top)
        log_axis(axes, "y", lambda value: text.significant(value, 3))
    if groups:
        axes.set_xticks(range(len(groups)), below, rotation=rotation)
        axes.fmt_xdata = lambda place: groups[round(place)][0]
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.xaxis.label.set_x(_centre(axes, xlabel))
    colour_of = {id(one): colour for one, colour in zip(everything, colours, strict=True)}
    for line in lines:
        if math.isfinite(top):
            mark_edge(axes, line.mean, colour_of[id(line)], steps=line.steps, row=line.row, name=line.name)
    _name_lines(axes, named, names, [colour_of[id(one)] for one in named])
    for mark in marks:
        if mark.y is not None:
            _draw_ring(axes, mark, mark.y)
    row = 0
    for mark, said in zip(said_of, marked_by, strict=True):
        _draw_mark(axes, mark, said, row)
        row += _rows(said)
    for one, said in zip(above, notes, strict=True):
        _write(axes, said, row).set(color=colour_of[id(one)], gid=f"row-{one.row}-9")
        row += _rows(said)
    for said in legend:
        _write(axes, said, row).set_color(LIGHT["muted"])
    return figure, axes


def _draw_line(axes: Axes, line: Line, colour: str, dashes: Any, marker: str | None) -> None:
    """Draws the finite points of a line: of several seeds the mean, and a band of a standard deviation to
    both sides where there are two or more."""
    points = sorted((x, y) for seed in line.seeds for x, y in seed if math.isfinite(y))
    values: Sequence[Sequence[float]] = [[y] for _, y in points]
    xs = [x for x, _ in points]
    if len(line.seeds) > 1:
        at: dict[float, list[float]] = {}
        for x, y in points:
            at.setdefault(x, []).append(y)
        xs, values = list(at), list(at.values())
    means = np.array([math.fsum(ys) / len(ys) for ys in values])
    axes.plot(
        xs,
        means,
        color=colour,
        linestyle=dashes,
        marker=marker,
        markersize=6,
        markeredgewidth=0.75,
        markeredgecolor="w",
        drawstyle="steps-post" if line.steps else "default",
        markevery=slice(0, -1) if line.steps else None,
        label=line.name,
        gid=f"row-{line.row}-0",
    )
    if len(line.seeds) > 1:
        spreads = np.array([statistics.stdev(ys) if len(ys) > 1 else math.nan for ys in values])
        axes.fill_between(xs, means - spreads, means + spreads, color=colour, alpha=0.2)


def _rows(said: str) -> int:
    """How many rows a text takes above the axes."""
    return said.count("\n") + 1


def _below(
    groups: Sequence[tuple[str, str]], room: float
) -> tuple[list[str], float, Literal["horizontal", "vertical"]]:
    """What stands below each group, in axes `room` points wide; the space it takes; how it is turned."""
    level = [f"{name}\n{said}" for name, said in groups]
    apart = room / (1 + 2 * MARGIN) / max(1, len(groups) - 1)
    if not groups or text_width(level) + 4 < apart:
        return level, 58 if groups else 44, "horizontal"
    upright = [f"{name}, {said}" for name, said in groups]
    return upright, text_width(upright) + 42, "vertical"


def _centre(axes: Axes, xlabel: str) -> float:
    """Where the label of the x axis is centred, as a share of the axes: in their middle, or as near to it as
    the width of the figure allows."""
    frame, half = axes.get_window_extent(), text_width([xlabel]) / 2 + 4
    centre = min(max(frame.x0 + frame.width / 2, half), WIDTH - half)
    return (centre - frame.x0) / frame.width


def _points(one: Line | Level) -> Sequence[tuple[float, float]]:
    """What is drawn of it, from left to right; a level is one point, at no place."""
    return one.mean if isinstance(one, Line) else [(0.0, one.y)]


def _top(lines: Sequence[Line], levels: Sequence[Level], ceiling: float | None) -> float:
    """The upper end of a logarithmic axis."""
    high = max([y for line in lines for y in line.ys] + [level.y for level in levels])
    return min(high, ceiling or high) * 1.06


def _style(line: Line, mixed: bool) -> Any:
    """How a line is dashed, as matplotlib takes it."""
    return (0, DASHES[line.family]) if mixed and DASHES.get(line.family) else "-"


def _draw_ring(axes: Axes, mark: Mark, y: float) -> None:
    axes.plot([mark.x], [y], "o", mfc=LIGHT["ground"], mec=LIGHT["ink"], markersize=5, zorder=3.5,
              label=mark.tells or None, gid=f"row-{mark.row}-0")  # fmt: skip


def _draw_mark(axes: Axes, mark: Mark, said: str, row: int) -> None:
    """Draws the line of a mark, and its text above the axes, from a row on and as near to it as the width
    allows."""
    axes.axvline(mark.x, color=LIGHT["ink"], linewidth=1.0, linestyle=(0, (1.5, 2)), zorder=1.5)
    _write(axes, said, row, axes.transData.transform((mark.x, axes.get_ylim()[0]))[0])


def _write(axes: Axes, said: str, row: int, x: float = 0.0) -> Text:
    """Writes a text above the axes, from a row on, around the pixel x if the width of the figure allows."""
    frame = axes.get_window_extent()
    wide = text_width([said], SIZE)
    left = max(4.0, min(x - wide / 2, WIDTH - 4 - wide))
    return axes.text(
        (left - frame.x0) / frame.width,
        1 + (5 + MARK_ROW * row) / frame.height,
        said,
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
            x, y = line.mean[-1]
        labels.append(Label(name, x, y, colour, line.row))
    at_right(axes, labels)
