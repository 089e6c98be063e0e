"""Names beside marks and lines, placed so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark.report.figures.placing import CLEAR, LED, Box, arranged, spread, stepped
from benchmark.report.palette import LIGHT

SIZE = 9.5
#: More names than this are not read; the table has them all.
MOST = 24


@dataclass(frozen=True)
class Label:
    """A name to place beside the data point (x, y)."""

    text: str
    x: float
    y: float
    colour: str = LIGHT["ink"]
    row: int = 0


def beside_points(
    axes: Axes,
    labels: Sequence[Label],
    marks: Sequence[tuple[float, float]],
    steps: Sequence[tuple[float, float]] = (),
) -> list[Label]:
    """Write each label next to its point where there is room.

    Positions are tried around the point, near before far, at first only those clear of the stepped
    line through `steps`; of a few orders of placing, the one that names most points, with the shortest
    leaders, is taken. A label that would cover a mark or another label, or leave the axes, is left
    out, as are all beyond the first `MOST`. Returns those left out.
    """
    named = labels[:MOST]
    drawn = [axes.text(0, 0, n.text, fontsize=SIZE, gid=f"row-{n.row}-9", color=n.colour) for n in named]
    sizes = np.array([[e.width, e.height] for e in (d.get_window_extent() for d in drawn)]).reshape(-1, 2)
    points = axes.transData.transform(np.reshape([(label.x, label.y) for label in named], (-1, 2)))
    around = axes.transData.transform(np.reshape(marks, (-1, 2)))
    frame = np.array(axes.get_window_extent().padded(-2).extents)
    line = list(stepped(axes.transData.transform(np.reshape(steps, (-1, 2)))))
    spots = arranged(points, sizes, list(np.hstack([around - CLEAR, around + CLEAR])), line, frame)
    for index, text in enumerate(drawn):
        if index not in spots:
            text.remove()
            continue
        corner = axes.transAxes.inverted().transform(spots[index][:2])  # not pixels: a PNG has others
        text.set_transform(axes.transAxes)
        text.set(x=corner[0], y=corner[1], va="bottom")
        _lead(axes, points[index], spots[index])
    return [label for index, label in enumerate(labels) if index not in spots]


def _lead(axes: Axes, point: Box, box: Box) -> None:
    """A thin line from a label to its mark, where they stand apart."""
    edge = np.clip(point, box[:2], box[2:])
    if np.hypot(*(edge - point)) > LED:
        ends = axes.transData.inverted().transform([point, edge])
        axes.add_artist(Line2D(ends[:, 0], ends[:, 1], color=LIGHT["muted"], linewidth=0.7, zorder=1))


def at_right(axes: Axes, labels: Sequence[Label]) -> None:
    """Write each label right of the axes at the height of its y, pushed apart where they would touch."""
    frame = axes.get_window_extent()
    step = 1.3 * SIZE
    wanted = [axes.transData.transform((label.x, label.y))[1] for label in labels]
    order = sorted(range(len(labels)), key=lambda i: (wanted[i], labels[i].text))
    heights = spread([wanted[i] for i in order], step, frame.y0 + step / 2, frame.y1 - step / 2)
    for index, height in zip(order, heights, strict=True):
        label = labels[index]
        axes.annotate(
            label.text,
            (label.x, label.y),
            xytext=tuple(axes.transAxes.inverted().transform((frame.x1 + 12, height))),
            textcoords="axes fraction",
            va="center",
            fontsize=SIZE,
            color=label.colour,
            arrowprops={
                "arrowstyle": "-",
                "color": LIGHT["rule"],
                "linewidth": 0.8,
                "shrinkA": 0,
                "shrinkB": 1,
            },
            annotation_clip=False,
            gid=f"row-{label.row}-9",
        )
