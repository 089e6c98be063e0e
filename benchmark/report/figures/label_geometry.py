"""Where labels go: free places around points, and heights that keep a distance. Geometry only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

#: Points kept free around a mark and around a label.
CLEAR, GAP = 6.0, 2.5
#: A label further than this many points from its mark is joined to it by a line, its leader.
LED = 12.0
#: Up to this many labels, several orders of placing them are tried.
FEW = 16
#: Places tried around a mark: distances in points, and degrees counter-clockwise from the right.
DISTANCES = (8.0, 13.0, 20.0, 30.0, 42.0, 56.0, 72.0)
ANGLES = (0, 180, 90, 270, 45, 315, 135, 225, 20, 340, 160, 200, 70, 290, 110, 250)

#: float64 arrays of left, low, right, high in points of the drawing (or of x, y).
Box = npt.NDArray[np.float64]


def step_segments(corners: Box) -> Iterator[Box]:
    """The segments of a line that goes across first, then up or down, as thin boxes."""
    for (x0, y0), (x1, y1) in pairwise(corners):
        yield np.array([min(x0, x1), y0 - 1, max(x0, x1), y0 + 1])
        yield np.array([x1 - 1, min(y0, y1), x1 + 1, max(y0, y1)])


def place_labels(points: Box, sizes: Box, taken: list[Box], line: list[Box], frame: Box) -> dict[int, Box]:
    """The box of each label that finds a place, by its index.

    Labels are placed one after the other, in four orders: as given, from the top, from the left, from the
    right. The best result has the most labels, then the fewest that the boxes of `line` cross, then the
    shortest leaders. With more than `FEW` labels, the first ones matter most and only the given order is
    tried.
    """
    count = len(points)
    orders = [
        np.arange(count),
        np.argsort(-points[:, 1]),
        np.argsort(points[:, 0]),
        np.argsort(-points[:, 0]),
    ]
    best: dict[int, Box] = {}
    least = (count + 1, 0, 0.0)
    for order in orders if count <= FEW else orders[:1]:
        spots = _placed(order.tolist(), points, sizes, taken, line, frame)
        leaders = (float(np.hypot(*(np.clip(points[i], s[:2], s[2:]) - points[i]))) for i, s in spots.items())
        struck = (
            int(_overlap(np.array(list(spots.values())), np.array(line)).any(1).sum())
            if line and spots
            else 0
        )
        cost = (count - len(spots), struck, sum(length for length in leaders if length > LED))
        if cost < least:
            best, least = spots, cost
        if least == (0, 0, 0.0):
            break
    return best


def _placed(
    order: list[int], points: Box, sizes: Box, taken: list[Box], line: list[Box], frame: Box
) -> dict[int, Box]:
    """The box of each label, first come, first served; labels that find no place are missing."""
    taken, spots = list(taken), {}
    for index in order:
        places = _places(points[index], *sizes[index])
        spot = _first_free(places, [*taken, *line], frame, points[index])
        spot = spot if spot is not None else _first_free(places, taken, frame, points[index])
        if spot is not None:
            spots[index] = spot
            taken += [spot, *_leaders(spot[None], points[index])[0]]
    return spots


def _first_free(places: Box, taken: Sequence[Box], frame: Box, point: Box) -> Box | None:
    """The first place inside the frame that, with its leader, overlaps nothing taken, or None."""
    others = np.array(taken)
    inside = (places[:, :2] >= frame[:2]).all(1) & (places[:, 2:] <= frame[2:]).all(1)
    places = places[inside]
    places = places[~_overlap(places + np.array([-GAP, -GAP, GAP, GAP]), others).any(1)]
    if not len(places):
        return None
    leader_hits = _overlap(_leaders(places, point).reshape(-1, 4), others).any(1)
    free = np.flatnonzero(~leader_hits.reshape(len(places), -1).any(1))
    return places[free[0]] if len(free) else None


def _overlap(boxes: Box, others: Box) -> npt.NDArray[np.bool_]:
    """Which boxes overlap which others: [boxes, others]."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray((low < high).all(2))


def _leaders(places: Box, point: Box) -> Box:
    """Small boxes along the leader from each place to its point, outside the point's mark: [places, 7, 4].

    They are empty for a place that is too near to need a leader.
    """
    edges = np.clip(point, places[:, :2], places[:, 2:])
    gaps = edges - point
    lengths = np.hypot(gaps[:, 0], gaps[:, 1])[:, None, None]
    start = np.minimum(1.0, 1.6 * CLEAR / np.maximum(lengths, 1e-9))
    shares = start + (1 - start) * np.linspace(0, 0.9, 7)[:, None]
    along = point + shares * gaps[:, None, :]
    half = np.where(lengths > LED, 0.5 + lengths * (1 - start) * 0.075, 0.0)
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
