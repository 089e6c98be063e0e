"""Where labels go: free places around points, and heights that keep a distance. Geometry only."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

#: Points kept free around a mark and around a label.
CLEAR, GAP = 6.0, 2.5
#: The same around a mark without a label: it is a small ring.
SMALL = 3.0
#: A label this near to its mark needs no line to it, its leader.
LED = CLEAR
#: Up to this many labels, several orders of placing them are tried.
FEW = 16
#: Places tried around a mark: distances in points, and degrees counter-clockwise from the right.
DISTANCES = (8.0, 12.0, 17.0, 24.0, 33.0, 44.0, 58.0, 76.0, 100.0)
ANGLES = (0, 180, 90, 270, 45, 315, 135, 225, 20, 340, 160, 200, 70, 290, 110, 250)
#: Points by which a label should be nearer to its own mark than to any other, and what each that lacks costs.
APART, AMBIGUOUS = 10.0, 4.0
#: What it costs to stand on a line of the figure. Costs are in points from the label to its mark.
STRUCK = 80.0

#: float64 arrays of left, low, right, high in points of the drawing (or of x, y).
Box = npt.NDArray[np.float64]


def step_segments(corners: Box) -> Iterator[Box]:
    """The segments of a line that goes across first, then up or down, as thin boxes."""
    for (x0, y0), (x1, y1) in pairwise(corners):
        yield np.array([min(x0, x1), y0 - 1, max(x0, x1), y0 + 1])
        yield np.array([x1 - 1, min(y0, y1), x1 + 1, max(y0, y1)])


def place_labels(points: Box, sizes: Box, marks: Box, line: list[Box], frame: Box) -> dict[int, Box]:
    """The box of each label that finds a place, by its index.

    `points` are the marks that have a label, `marks` [n, 2] all marks of the figure. A label never covers a
    mark, another label or a leader. Of the places that are left it takes the cheapest: near its own mark,
    further from every other one, and clear of the boxes of `line`.

    Labels are placed one after the other, and up to `FEW` of them also from the top, from the left and from
    the right. The result that misses the least wins, then the cheapest; the first label weighs 1, the second
    a half, the third a third, and so on.
    """
    count = len(points)
    orders = [
        np.arange(count),
        np.argsort(-points[:, 1]),
        np.argsort(points[:, 0]),
        np.argsort(-points[:, 0]),
    ]
    best: dict[int, Box] = {}
    least = (math.inf, 0.0)
    for order in orders if count <= FEW else orders[:1]:
        spots, cost = _placed(order.tolist(), points, sizes, marks, line, frame)
        missed = sum(1 / (1 + index) for index in range(count) if index not in spots)
        if (missed, cost) < least:
            best, least = spots, (missed, cost)
    return best


def _placed(
    order: list[int], points: Box, sizes: Box, marks: Box, line: list[Box], frame: Box
) -> tuple[dict[int, Box], float]:
    """The box of each label, first come, first served, without those that find no place; and their cost."""
    named = (np.abs(marks[:, None] - points[None]).max(2) < CLEAR / 2).any(1)
    clear = np.where(named, CLEAR, SMALL)[:, None]
    taken = list(np.hstack([marks - clear, marks + clear]))
    spots: dict[int, Box] = {}
    total = 0.0
    for index in order:
        places = _free(_places(points[index], *sizes[index]), taken, frame, points[index])
        if not len(places):
            continue
        costs = _costs(places, points[index], marks, line)
        spot = places[int(np.argmin(costs))]
        total += float(costs.min())
        spots[index] = spot
        taken += [spot, *_leaders(spot[None], points[index])[0]]
    return spots, total


def _costs(places: Box, point: Box, marks: Box, line: list[Box]) -> Box:
    """What each place costs the label of a point: [places]."""
    own = _distances(places, point[None])[:, 0]
    others = marks[np.hypot(*(marks - point).T) > CLEAR / 2]
    nearest = _distances(places, others).min(1, initial=np.inf)
    struck = _overlap(places, np.array(line)).any(1) if line else np.zeros(len(places), dtype=bool)
    return own + AMBIGUOUS * np.maximum(0.0, own + APART - nearest) + STRUCK * struck


def _distances(boxes: Box, points: Box) -> Box:
    """How far each box is from each point: [boxes, points]."""
    nearest = np.clip(points[None], boxes[:, None, :2], boxes[:, None, 2:])
    return np.asarray(np.hypot(*np.moveaxis(nearest - points[None], 2, 0)))


def _free(places: Box, taken: Sequence[Box], frame: Box, point: Box) -> Box:
    """The places inside the frame that, with their leaders, overlap nothing taken."""
    others = np.array(taken)
    inside = (places[:, :2] >= frame[:2]).all(1) & (places[:, 2:] <= frame[2:]).all(1)
    places = places[inside]
    places = places[~_overlap(places + np.array([-GAP, -GAP, GAP, GAP]), others).any(1)]
    if not len(places):
        return places
    leaders = _leaders(places, point)
    hits = _overlap(leaders.reshape(-1, 4), others).any(1)
    return places[~hits.reshape(len(places), -1).any(1)]


def _overlap(boxes: Box, others: Box) -> npt.NDArray[np.bool_]:
    """Which boxes overlap which others: [boxes, others]."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray((low < high).all(2))


def _leaders(places: Box, point: Box) -> Box:
    """Small boxes along the leader from each place to its point, outside the point's mark: [places, 13, 4].

    They are empty for a place that is too near to need a leader.
    """
    edges = np.clip(point, places[:, :2], places[:, 2:])
    gaps = edges - point
    lengths = np.hypot(gaps[:, 0], gaps[:, 1])[:, None, None]
    start = np.minimum(1.0, 1.6 * CLEAR / np.maximum(lengths, 1e-9))
    shares = start + (1 - start) * np.linspace(0, 0.95, 13)[:, None]
    along = point + shares * gaps[:, None, :]
    half = np.where(lengths > LED, 0.5 + lengths * (1 - start) * 0.04, 0.0)
    return np.concatenate([along - half, along + half], axis=2)


def _places(point: Box, width: float, height: float) -> Box:
    """Boxes around a point, their nearest side or corner at growing distances: [places, 4]."""
    distance, angle = (grid.ravel() for grid in np.meshgrid(DISTANCES, np.radians(ANGLES), indexing="ij"))
    dx, dy = np.cos(angle).round(9), np.sin(angle).round(9)
    left = point[0] + distance * dx - width * (1 - dx) / 2
    low = point[1] + distance * dy - height * (1 - dy) / 2
    return np.stack([left, low, left + width, low + height], axis=1)


def spread_apart(heights: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Rising heights, moved as little as needed to be a step apart, within the bounds if they fit.

    Neighbours that would touch form a block around the mean of the heights they want.
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
