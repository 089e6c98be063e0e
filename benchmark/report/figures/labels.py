"""Names beside marks and lines, placed so that none covers another."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark import text
from benchmark.report.figures.label_geometry import LED, Box, place_labels, spread_apart, step_segments
from benchmark.report.figures.style import FONT
from benchmark.report.palette import LIGHT

SIZE = FONT
#: The width of the line from a name to its mark. Nothing else is drawn this thin.
LEADER = 0.6
#: Points between the axes and the names to their right, where leaders bend.
GUTTER = 18.0
#: Nobody reads more names than this; the table has them all.
MOST = 24


@dataclass(frozen=True)
class Label:
    """A name to place beside the data point (x, y)."""

    text: str
    x: float
    y: float
    colour: str = LIGHT["ink"]
    row: int = 0


def wrapped(name: str, width: int = 26, lines: int = 2, end: str = "") -> str:
    """A name in at most `lines` lines of `width` characters, broken at spaces and cut with an ellipsis. What
    stands at its `end` is never cut."""
    kept = end.replace(" ", "\N{NO-BREAK SPACE}")
    shown = textwrap.wrap(
        text.clean(name) + kept, width, max_lines=lines, placeholder=f"…{kept}", break_on_hyphens=False
    )
    return "\n".join(shown).replace(kept, end) if end else "\n".join(shown)


def beside_points(
    axes: Axes,
    labels: Sequence[Label],
    marks: Sequence[tuple[float, float]],
    steps: Sequence[tuple[float, float]] = (),
    winners: int = 0,
) -> list[Label]:
    """Writes each label next to its point where there is room, and returns those left out.

    The first labels matter most, and the `winners` among them may stand far from their marks. A label is
    nearer to its own mark than to others where there is room for that, is joined to it by a thin line, and
    keeps clear of the stepped line through `steps`. One that would cover a mark or another label, or leave
    the axes, is left out, as are all beyond the first `MOST`.
    """
    named = labels[:MOST]
    drawn = [
        axes.text(0, 0, n.text, fontsize=SIZE, linespacing=1.1, gid=f"row-{n.row}-9", color=n.colour)
        for n in named
    ]
    sizes = np.array([[e.width, e.height] for e in (d.get_window_extent() for d in drawn)]).reshape(-1, 2)
    points = axes.transData.transform(np.reshape([(label.x, label.y) for label in named], (-1, 2)))
    around = axes.transData.transform(np.reshape(marks, (-1, 2)))
    frame = np.array(axes.get_window_extent().padded(-2).extents)
    line = list(step_segments(axes.transData.transform(np.reshape(steps, (-1, 2)))))
    spots = place_labels(points, sizes, around, line, frame, min(winners, len(named)))
    for index, name in enumerate(drawn):
        if index not in spots:
            name.remove()
            continue
        corner = axes.transAxes.inverted().transform(spots[index][:2])  # not pixels: a PNG has others
        name.set_transform(axes.transAxes)
        name.set(x=corner[0], y=corner[1], va="bottom")
        _lead(axes, points[index], spots[index])
    return [label for index, label in enumerate(labels) if index not in spots]


def _lead(axes: Axes, point: Box, box: Box) -> None:
    """Draws a thin line from a label to its mark."""
    edge = np.clip(point, box[:2], box[2:])
    if np.hypot(*(edge - point)) > LED:
        _leader(axes, [point, edge], LIGHT["ink"])


def _leader(axes: Axes, corners: Sequence[Any], colour: str) -> None:
    """Draws a thin line through corners in pixels, stored as shares of the axes: a PNG has other pixels."""
    ends = axes.transAxes.inverted().transform(corners)
    axes.add_artist(
        Line2D(
            ends[:, 0],
            ends[:, 1],
            transform=axes.transAxes,
            color=colour,
            linewidth=LEADER,
            clip_on=False,
            zorder=1,
        )
    )


def at_right(axes: Axes, labels: Sequence[Label]) -> None:
    """Writes each label to the right of the axes at the height of its y, pushed apart where they would touch.

    The labels keep the order of their heights, and leaders bend only in the gutter between the axes and the
    labels, so that none crosses another or a name.
    """
    frame = axes.get_window_extent()
    step = 1.25 * SIZE
    wanted = [axes.transData.transform((label.x, label.y)) for label in labels]
    order = sorted(range(len(labels)), key=lambda i: (wanted[i][1], labels[i].text))
    slots = [(i, offset) for i in order for offset in _lines_of(labels[i].text, step)]
    heights = spread_apart(
        [wanted[i][1] + offset for i, offset in slots], step, frame.y0 + step / 2, frame.y1 - step / 2
    )
    for index in order:
        label, (x, y) = labels[index], wanted[index]
        own = [height for (i, _), height in zip(slots, heights, strict=True) if i == index]
        height = sum(own) / len(own)
        across, up = axes.transAxes.inverted().transform((frame.x1 + GUTTER, height))
        axes.text(
            across,
            up,
            label.text,
            transform=axes.transAxes,
            va="center",
            fontsize=SIZE,
            linespacing=1.1,
            color=label.colour,
            gid=f"row-{label.row}-9",
        )
        bends = [(x + 4, y), (max(x + 4, frame.x1 + 2), y), (frame.x1 + GUTTER - 2, height)]
        _leader(axes, bends, LIGHT["muted"])


def _lines_of(name: str, step: float) -> list[float]:
    """The heights of a label's lines relative to its middle, lowest first."""
    lines = name.count("\n") + 1
    return [(line - (lines - 1) / 2) * step for line in range(lines)]
