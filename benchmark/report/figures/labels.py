"""Names beside marks and lines, placed so that none covers another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from benchmark.report.palette import LIGHT

SIZE = 9.5
#: Points kept free around a mark and around a label.
CLEAR, GAP = 6.0, 2.0


@dataclass(frozen=True)
class Label:
    """A name to place beside the data point (x, y)."""

    text: str
    x: float
    y: float
    colour: str = LIGHT["ink"]
    row: int = 0


def beside_points(axes: Axes, labels: Sequence[Label], marks: Sequence[tuple[float, float]]) -> list[Label]:
    """Write each label next to its point where there is room, the first ones first.

    Positions are tried around the point, near before far; a far one gets a leader line. A label that
    would cover a mark or another label, or leave the axes, is left out. Returns those left out.
    """
    figure = axes.figure
    frame = axes.get_window_extent()
    points = [axes.transData.transform(mark) for mark in marks]
    taken = [Bbox.from_bounds(x - CLEAR, y - CLEAR, 2 * CLEAR, 2 * CLEAR) for x, y in points]
    left_out = []
    for label in labels:
        x, y = axes.transData.transform((label.x, label.y))
        drawn = axes.text(0, 0, label.text, fontsize=SIZE, color=label.colour, gid=f"row-{label.row}")
        extent = drawn.get_window_extent()
        spot = _free_spot(x, y, extent.width, extent.height, taken, frame)
        drawn.remove()
        if spot is None:
            left_out.append(label)
            continue
        box, distance = spot
        taken.append(box)
        if distance > 10:
            edge = (min(max(x, box.x0), box.x1), min(max(y, box.y0), box.y1))
            ends = axes.transData.inverted().transform([(x, y), edge])
            axes.plot(
                *zip(*ends, strict=True),
                color=LIGHT["muted"],
                linewidth=0.7,
                zorder=1,
                scalex=False,
                scaley=False,
            )
        left, low = axes.transData.inverted().transform((box.x0, box.y0 - extent.y0 * 0))
        axes.text(
            left, low, label.text, fontsize=SIZE, color=label.colour, va="bottom", gid=f"row-{label.row}"
        )
    del figure
    return left_out


def _free_spot(
    x: float, y: float, width: float, height: float, taken: Sequence[Bbox], frame: Bbox
) -> tuple[Bbox, float] | None:
    for distance in (8.0, 14.0, 22.0, 32.0, 44.0):
        for angle in (0, 180, 90, 270, 30, 330, 150, 210, 60, 300, 120, 240):
            dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            # The nearest side or corner of the label lies `distance` from the point.
            left = x + distance * dx - width * (1 - dx) / 2 if abs(dx) > 0.1 else x - width / 2
            low = y + distance * dy - height * (1 - dy) / 2
            box = Bbox.from_bounds(left, low, width, height)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and not any(box.padded(GAP).overlaps(other) for other in taken):
                return box, distance
    return None


def at_right(axes: Axes, labels: Sequence[Label]) -> None:
    """Write each label right of the axes at the height of its y, pushed apart where they would touch."""
    if not labels:
        return
    frame = axes.get_window_extent()
    step = 1.28 * SIZE
    wanted = [axes.transData.transform((axes.get_xlim()[1], label.y))[1] for label in labels]
    order = sorted(range(len(labels)), key=lambda i: (wanted[i], labels[i].text))
    heights = _apart([wanted[i] for i in order], step, frame.y0 + step / 2, frame.y1 - step / 2)
    for index, height in zip(order, heights, strict=True):
        label = labels[index]
        lines = {"arrowstyle": "-", "color": LIGHT["rule"], "linewidth": 0.8, "shrinkA": 0, "shrinkB": 1}
        axes.annotate(
            label.text,
            (label.x, label.y),
            xytext=(frame.x1 + 10, height),
            textcoords="figure pixels",
            va="center",
            fontsize=SIZE,
            color=label.colour,
            arrowprops=lines,
            annotation_clip=False,
            gid=f"row-{label.row}",
        )


def _apart(heights: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Rising heights at least a step apart, near the wanted ones and within bounds if they fit."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + step if placed else low))
    ceiling = high
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - step
    return placed
