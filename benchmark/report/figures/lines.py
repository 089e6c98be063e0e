"""Several models as lines with their names at the right: curves, frequencies, orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.report import text
from benchmark.report.figures.labels import SIZE, Label, at_right
from benchmark.report.figures.style import WIDTH, canvas, log_axis, margins, text_width
from benchmark.report.palette import LIGHT, MARKERS, SERIES

DASHES = {"count": (4, 1.5), "neural": (), "mixture": (1, 1)}


@dataclass(frozen=True)
class Line:
    """A model's line: one list of (x, y) for each seed. `row` links it to the comparison table."""

    row: int
    name: str
    family: str
    seeds: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def ys(self) -> list[float]:
        return [y for seed in self.seeds for _, y in seed]


@dataclass(frozen=True)
class Level:
    """A horizontal line to compare with: a model that has no curve of its own."""

    row: int
    name: str
    family: str
    y: float


def colours_of(lines: Sequence[Line | Level]) -> list[str]:
    """A colour for each: its family's first free one; levels, being dashed, keep the family's own."""
    taken: set[str] = set()
    chosen = []
    for line in lines:
        wanted = SERIES.get(line.family, SERIES["count"])
        free = [name for name in wanted if name not in taken] if isinstance(line, Line) else []
        name = free[0] if free else wanted[0]
        taken.add(name)
        chosen.append(LIGHT[name])
    return chosen


def line_chart(
    title: str,
    lines: Sequence[Line],
    levels: Sequence[Level] = (),
    *,
    xlabel: str,
    ylabel: str,
    log_y: bool = False,
    ceiling: float | None = None,
    marked: bool = False,
    bottom: float = 44,
    left: float = 52,
) -> tuple[Figure, Axes]:
    """Lines are means over seeds with a band of one standard deviation; counted ones are dashed."""
    figure, axes = canvas(title)
    everything: list[Line | Level] = [*lines, *levels]
    mixed = len({line.family for line in lines}) > 1
    colours = colours_of(everything)
    for line, colour in zip(lines, colours, strict=False):
        frame = pd.DataFrame([(x, y) for seed in line.seeds for x, y in seed], columns=["x", "y"])
        before = len(axes.lines)
        sns.lineplot(
            frame,
            x="x",
            y="y",
            errorbar="sd" if len(line.seeds) > 1 else None,
            color=colour,
            dashes=False,
            linestyle=(0, DASHES[line.family]) if mixed and DASHES.get(line.family) else "-",
            marker=MARKERS.get(line.family, "o") if marked else None,
            markersize=6,
            ax=axes,
        )
        for index, drawn in enumerate(axes.lines[before:]):
            drawn.set_gid(f"row-{line.row}-{index}")
    for level, colour in zip(levels, colours[len(lines) :], strict=True):
        axes.axhline(level.y, color=colour, linestyle=(0, (4, 1.5)), linewidth=1.3, gid=f"row-{level.row}-0")
    names = [text.clean(line.name, 28) for line in everything]
    margins(figure, left, min(text_width(figure, names, SIZE) + 20, WIDTH * 0.44), bottom)
    if log_y:
        low = min(y for line in lines for y in line.ys)
        low = min([low, *(level.y for level in levels)])
        high = max([y for line in lines for y in line.ys] + [level.y for level in levels])
        axes.set_ylim(low / 1.06, min(high, ceiling or high) * 1.06)
        log_axis(axes, "y", lambda value: text.significant(value, 3))
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.margins(x=0.02)
    _name_lines(axes, everything, names, colours)
    return figure, axes


def _name_lines(
    axes: Axes, lines: Sequence[Line | Level], names: Sequence[str], colours: Sequence[str]
) -> None:
    labels = []
    for line, name, colour in zip(lines, names, colours, strict=True):
        if isinstance(line, Level):
            x, y = axes.get_xlim()[1], line.y
        else:
            ends = [max(seed) for seed in line.seeds if seed]
            x, y = max(x for x, _ in ends), sum(y for _, y in ends) / len(ends)
        labels.append(Label(name, x, min(y, axes.get_ylim()[1]), colour, line.row))
    at_right(axes, labels)
