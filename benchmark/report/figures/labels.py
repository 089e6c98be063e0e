"""Names beside marks and lines, placed so that none covers another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from benchmark.report.palette import LIGHT

SIZE = 9.5
#: Points kept free around a mark, and around a label.
CLEAR, GAP = 6.0, 1.5
#: Beyond this many points a line leads from the label to its mark.
LED = 12.0


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
    out. Returns those left out.
    """
    frame = axes.get_window_extent().padded(-2)
    points = [axes.transData.transform(mark) for mark in marks]
    taken = [Bbox.from_bounds(x - CLEAR, y - CLEAR, 2 * CLEAR, 2 * CLEAR) for x, y in points]
    line = list(_stepped([tuple(axes.transData.transform(step)) for step in steps]))
    left_out = []
    for label in labels:
        point = tuple(axes.transData.transform((label.x, label.y)))
        drawn = axes.text(0, 0, label.text, fontsize=SIZE, gid=f"row-{label.row}-9", color=label.colour)
        size = drawn.get_window_extent()
        spot = _free(point, size, [*taken, *line], frame) or _free(point, size, taken, frame)
        if spot is None:
            drawn.remove()
            left_out.append(label)
            continue
        taken.append(spot)
        drawn.set_transform(None)
        drawn.set(x=spot.x0, y=spot.y0, va="bottom")
        _lead(axes, point, spot)
    return left_out


def _stepped(corners: Sequence[tuple[float, ...]]) -> Iterator[Bbox]:
    """The stretches of a line that goes across first, then up or down."""
    for (x0, y0), (x1, y1) in pairwise(corners):
        yield Bbox([[min(x0, x1), y0 - 1], [max(x0, x1), y0 + 1]])
        yield Bbox([[x1 - 1, min(y0, y1)], [x1 + 1, max(y0, y1)]])


def _free(point: tuple[float, ...], size: Bbox, taken: Sequence[Bbox], frame: Bbox) -> Bbox | None:
    """The nearest place for a label of this size, or None."""
    for box in _places(point, size.width, size.height):
        inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
        if inside and not any(box.padded(GAP).overlaps(other) for other in taken):
            return box
    return None


def _places(point: tuple[float, ...], width: float, height: float) -> Iterator[Bbox]:
    """Boxes around a point whose nearest side or corner lies at growing distances from it."""
    x, y = point
    for distance in (8.0, 13.0, 20.0, 30.0, 42.0, 56.0):
        for angle in (0, 180, 90, 270, 45, 315, 135, 225, 20, 340, 160, 200, 70, 290, 110, 250):
            dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            left = x + distance * dx - width * (1 - dx) / 2
            low = y + distance * dy - height * (1 - dy) / 2
            yield Bbox.from_bounds(left, low, width, height)


def _lead(axes: Axes, point: tuple[float, ...], box: Bbox) -> None:
    """A thin line from a label to its mark, where they stand apart."""
    x, y = point
    edge = (min(max(x, box.x0), box.x1), min(max(y, box.y0), box.y1))
    if math.dist(edge, point) > LED:
        ends = axes.transData.inverted().transform([point, edge])
        line = Line2D(ends[:, 0], ends[:, 1], color=LIGHT["muted"], linewidth=0.7, zorder=1)
        axes.add_artist(line)


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
