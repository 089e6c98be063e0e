"""Names beside marks and lines, placed so that none covers another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark.report.palette import LIGHT

SIZE = 9.5
#: Points kept free around a mark, and around a label.
CLEAR, GAP = 6.0, 1.5
#: Beyond this many points a line leads from the label to its mark.
LED = 12.0
#: More names than this are not read; the table has them all.
MOST = 24
#: Where a label is tried around its mark: points away, and degrees counter-clockwise from the right.
DISTANCES = (8.0, 13.0, 20.0, 30.0, 42.0, 56.0)
ANGLES = (0, 180, 90, 270, 45, 315, 135, 225, 20, 340, 160, 200, 70, 290, 110, 250)

#: float64 arrays of left, low, right, high in points of the drawing (or of x, y).
Box = npt.NDArray[np.float64]


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
    """Write each label next to its point where there is room, the first ones first.

    Positions are tried around the point, near before far, at first only those clear of the stepped
    line through `steps`. A label that would cover a mark or another label, or leave the axes, is left
    out, as are all beyond the first `MOST`. Returns those left out.
    """
    frame = np.array(axes.get_window_extent().padded(-2).extents)
    points = axes.transData.transform(np.reshape(marks, (-1, 2)))
    taken = list(np.hstack([points - CLEAR, points + CLEAR]))
    line = list(_stepped(axes.transData.transform(np.reshape(steps, (-1, 2)))))
    left_out = list(labels[MOST:])
    for label in labels[:MOST]:
        point = axes.transData.transform((label.x, label.y))
        drawn = axes.text(0, 0, label.text, fontsize=SIZE, gid=f"row-{label.row}-9", color=label.colour)
        size = drawn.get_window_extent()
        places = _places(point, size.width, size.height)
        spot = _first_free(places, [*taken, *line], frame)
        spot = spot if spot is not None else _first_free(places, taken, frame)
        if spot is None:
            drawn.remove()
            left_out.append(label)
            continue
        taken.append(spot)
        drawn.set_transform(None)
        drawn.set(x=spot[0], y=spot[1], va="bottom")
        _lead(axes, point, spot)
    return left_out


def _stepped(corners: Box) -> Iterator[Box]:
    """The stretches of a line that goes across first, then up or down, as thin boxes."""
    for (x0, y0), (x1, y1) in pairwise(corners):
        yield np.array([min(x0, x1), y0 - 1, max(x0, x1), y0 + 1])
        yield np.array([x1 - 1, min(y0, y1), x1 + 1, max(y0, y1)])


def _first_free(places: Box, taken: Sequence[Box], frame: Box) -> Box | None:
    """The first place inside the frame that keeps its distance from everything taken, or None."""
    others = np.array(taken)
    clear_x = (places[:, None, 0] - GAP >= others[:, 2]) | (places[:, None, 2] + GAP <= others[:, 0])
    clear_y = (places[:, None, 1] - GAP >= others[:, 3]) | (places[:, None, 3] + GAP <= others[:, 1])
    inside = (places[:, :2] >= frame[:2]).all(1) & (places[:, 2:] <= frame[2:]).all(1)
    free = np.flatnonzero((clear_x | clear_y).all(1) & inside)
    return places[free[0]] if len(free) else None


def _places(point: Box, width: float, height: float) -> Box:
    """Boxes around a point whose nearest side or corner lies at growing distances: [places, 4]."""
    distance, angle = (grid.ravel() for grid in np.meshgrid(DISTANCES, np.radians(ANGLES), indexing="ij"))
    dx, dy = np.cos(angle).round(9), np.sin(angle).round(9)
    left = point[0] + distance * dx - width * (1 - dx) / 2
    low = point[1] + distance * dy - height * (1 - dy) / 2
    return np.stack([left, low, left + width, low + height], axis=1)


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
            xytext=(frame.x1 + 12, height),
            textcoords="figure pixels",
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


def spread(heights: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Rising heights moved as little as needed to be a step apart, within bounds if they fit.

    Neighbours that would touch form a block around the mean of what they want.
    """
    blocks: list[tuple[float, int]] = []  # (lowest height, how many)
    for height in heights:
        start, count = min(max(height, low), high), 1
        while blocks and blocks[-1][0] + blocks[-1][1] * step > start:
            below, fewer = blocks.pop()
            centre = (below + (fewer - 1) * step / 2) * fewer + (start + (count - 1) * step / 2) * count
            count += fewer
            start = centre / count - (count - 1) * step / 2
            start = max(low, min(start, high - (count - 1) * step))
        blocks.append((start, count))
    return [start + index * step for start, count in blocks for index in range(count)]
