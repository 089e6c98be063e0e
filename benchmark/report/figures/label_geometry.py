"""Where labels go: free places around points, and heights that keep a distance. Geometry only."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

import numpy as np
import numpy.typing as npt

#: Points kept free around a mark and around a label.
CLEAR, GAP = 6.0, 2.5
#: The same around a mark without a label: it is a small ring.
SMALL = 3.0
#: A label this near to its mark needs no line to it, its leader.
LED = CLEAR
#: Points kept free on each side of a leader, and how far apart the boxes are that keep them free.
BESIDE, EVERY = 1.5, 2.5
#: Up to this many labels, several orders of placing them are tried: as they are, and from three sides.
FEW, SIDES = 16, 4
#: Up to this many that readers look for, every order of these is.
MOST_ORDERED = 5
#: Places tried around a mark: distances in points, and degrees counter-clockwise from the right.
DISTANCES = (8.0, 12.0, 17.0, 24.0, 33.0, 44.0, 58.0, 76.0, 100.0)
#: Further ones, for labels that readers look for.
FAR = (125.0, 155.0, 190.0, 230.0, 275.0)
ANGLES = (0, 180, 90, 270, 45, 315, 135, 225, 20, 340, 160, 200, 70, 290, 110, 250)
#: Points by which a label should be nearer to its own mark than to any other, and what each that lacks costs.
APART, AMBIGUOUS = 10.0, 4.0
#: What it costs to stand on a line of the figure. Costs are in points from the label to its mark.
STRUCK = 200.0

#: float64 arrays of left, low, right, high in points of the drawing (or of x, y).
Box = npt.NDArray[np.float64]
#: What a label's box is widened by.
AROUND = np.array([-GAP, -GAP, GAP, GAP])


def step_segments(corners: Box) -> Iterator[Box]:
    """The segments of a line that goes across first, then up or down, as thin boxes."""
    for (x0, y0), (x1, y1) in pairwise(corners):
        yield np.array([min(x0, x1), y0 - 1, max(x0, x1), y0 + 1])
        yield np.array([x1 - 1, min(y0, y1), x1 + 1, max(y0, y1)])


def place_labels(
    points: Box, sizes: Box, marks: Box, line: list[Box], frame: Box, first: int = 0
) -> dict[int, Box]:
    """The box of each label that finds a place, by its index.

    `points` are the marks that have a label, `marks` [n, 2] all marks of the figure. A label never covers a
    mark, another label or a leader. Of the places that are left it takes the cheapest: near its own mark,
    further from every other one, and clear of the boxes of `line`.

    Labels are placed one after the other, the `first` ones before the rest and, where it must be, further
    away. Up to `FEW` of them are also placed from the top, from the left and from the right, and so are the
    first ones, in every order if need be. The result that misses the least wins, then the cheapest; the first
    label weighs 1, the second a half, the third a third, and so on.
    """
    best: dict[int, Box] = {}
    least = (math.inf, 0.0)
    choices = [
        _choices(point, size, points, marks, line, frame, far=index < first)
        for index, (point, size) in enumerate(zip(points, sizes, strict=True))
    ]
    for place, order in enumerate(_orders(points, first)):
        if place >= SIDES and best.keys() >= set(range(first)):
            break
        spots, cost = _placed(order, points, choices)
        missed = sum(1 / (1 + index) for index in range(len(points)) if index not in spots)
        if (missed, cost) < least:
            best, least = spots, (missed, cost)
    return best


def _orders(points: Box, first: int) -> Iterator[list[int]]:
    """Orders in which labels are placed: as they are and from `SIDES` − 1 sides, then the first ones in every
    order."""
    count = len(points)
    keys = (np.zeros(count), -points[:, 1], points[:, 0], -points[:, 0])
    for key in keys:
        others = first + np.argsort((key if count <= FEW else keys[0])[first:], kind="stable")
        yield [*np.argsort(key[:first], kind="stable").tolist(), *others.tolist()]
    if first <= MOST_ORDERED:
        yield from ([*leading, *range(first, count)] for leading in permutations(range(first)))


@dataclass(frozen=True)
class _Choice:
    """The places of a label that are free of marks, the cheapest first. The orders of placing labels share
    them: they differ in what other labels take.

    `boxes` [places, 4] have `costs` [places], and leaders from `starts` to `ends` [places, 2].
    """

    boxes: Box
    costs: Box
    starts: Box
    ends: Box

    def clear_of(self, avoided: Box) -> _Choice:
        """The places whose leaders cross none of some boxes."""
        kept = ~np.asarray(_crosses(self.starts, self.ends, avoided).any(1))
        return _Choice(self.boxes[kept], self.costs[kept], self.starts[kept], self.ends[kept])

    def first_free(self, taken: Sequence[Box]) -> int | None:
        """The first place that overlaps nothing that is taken, and whose leader crosses nothing; or None."""
        free = np.ones(len(self.boxes), dtype=bool)
        if taken:
            others = np.array(taken)
            free &= ~_overlap(self.boxes + AROUND, others).any(1)
            free[free] = ~_crosses(self.starts[free], self.ends[free], others).any(1)
        return int(np.argmax(free)) if free.any() else None


def _choices(
    point: Box, size: Box, points: Box, marks: Box, line: list[Box], frame: Box, *, far: bool
) -> list[_Choice]:
    """Where the label of a point may stand, inside the frame and on no mark, whichever labels are placed
    before it. A `far` one has a second choice, of which leaders may go across rings.

    A ring is the mark of a point without a label.
    """
    named = (np.abs(marks[:, None] - points[None]).max(2) < CLEAR / 2).any(1)
    rings = np.hstack([marks[~named] - SMALL, marks[~named] + SMALL])
    avoided = np.hstack([marks[named] - CLEAR, marks[named] + CLEAR])
    places = _inside(_places(point, size, DISTANCES + FAR), frame) if far else _places(point, size, DISTANCES)
    places = places[(places[:, :2] >= frame[:2]).all(1) & (places[:, 2:] <= frame[2:]).all(1)]
    places = places[~_overlap(places + AROUND, np.vstack([avoided, rings])).any(1)]
    costs = _costs(places, point, marks, line)
    cheapest = np.argsort(costs, kind="stable")
    choice = _Choice(places[cheapest], costs[cheapest], *_leaders(places[cheapest], point))
    across = choice.clear_of(avoided)
    clear = across.clear_of(rings)
    return [clear, across] if far else [clear]  # better a leader across a ring than no name


def _placed(
    order: list[int], points: Box, choices: Sequence[Sequence[_Choice]]
) -> tuple[dict[int, Box], float]:
    """The box of each label, first come, first served, without those that find no place; and their cost."""
    taken: list[Box] = []
    spots: dict[int, Box] = {}
    total = 0.0
    for index in order:
        found = ((choice, choice.first_free(taken)) for choice in choices[index])
        choice, place = next((pair for pair in found if pair[1] is not None), (None, None))
        if choice is None or place is None:
            continue
        spot = choice.boxes[place]
        total += float(choice.costs[place])
        spots[index] = spot
        taken += [spot, *_along_leader(spot, points[index])]
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


def _overlap(boxes: Box, others: Box) -> npt.NDArray[np.bool_]:
    """Which boxes overlap which others: [boxes, others]."""
    left, low, right, high = boxes.T[:, :, None]
    other_left, other_low, other_right, other_high = others.T[:, None]
    across = np.maximum(left, other_left) < np.minimum(right, other_right)
    return np.asarray(across & (np.maximum(low, other_low) < np.minimum(high, other_high)))


def _leaders(places: Box, point: Box) -> tuple[Box, Box]:
    """Where the leader of each place begins, outside the mark of its point, and where it ends: [places, 2]
    each. Both are the end for a place that is too near to need a leader."""
    ends = np.clip(point, places[:, :2], places[:, 2:])
    lengths = np.hypot(*(ends - point).T)[:, None]
    outside = np.minimum(1.0, 1.6 * CLEAR / np.maximum(lengths, 1e-9))
    starts = np.where(lengths > LED, point + outside * (ends - point), ends)
    return starts, ends


def _along_leader(place: Box, point: Box) -> Box:
    """Boxes along the leader of a place; none where it needs no leader."""
    (start,), (end,) = _leaders(place[None], point)
    count = math.ceil(float(np.hypot(*(end - start))) / EVERY)
    middles = start + np.linspace(0, 1, count + 1)[1:, None] * (end - start)
    return np.hstack([middles - BESIDE, middles + BESIDE])


def _crosses(starts: Box, ends: Box, boxes: Box) -> npt.NDArray[np.bool_]:
    """Which segments come nearer than `BESIDE` to which boxes: [segments, boxes]. One without length meets
    none. (The segment is cut by the two pairs of sides: Liang & Barsky 1984.)"""
    along = (ends - starts)[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low = (boxes[None, :, :2] - BESIDE - starts[:, None]) / along
        high = (boxes[None, :, 2:] + BESIDE - starts[:, None]) / along
    parallel = along == 0
    within = (low <= 0) & (high >= 0)  # of a parallel segment, -inf and inf
    enters = np.where(parallel, np.where(within, -np.inf, np.inf), np.minimum(low, high))
    leaves = np.where(parallel, np.where(within, np.inf, -np.inf), np.maximum(low, high))
    # by name: to reduce an axis of two takes several times as long
    first, last = np.maximum(enters[..., 0], enters[..., 1]), np.minimum(leaves[..., 0], leaves[..., 1])
    meets = (first <= last) & (first < 1) & (last > 0)
    return np.asarray(meets & ~(parallel[..., 0] & parallel[..., 1]))


def _places(point: Box, size: Box, distances: Sequence[float]) -> Box:
    """Boxes around a point, their nearest side or corner at growing distances: [places, 4]."""
    distance, angle = (grid.ravel() for grid in np.meshgrid(distances, np.radians(ANGLES), indexing="ij"))
    dx, dy = np.cos(angle).round(9), np.sin(angle).round(9)
    width, height = size
    left = point[0] + distance * dx - width * (1 - dx) / 2
    low = point[1] + distance * dy - height * (1 - dy) / 2
    return np.stack([left, low, left + width, low + height], axis=1)


def _inside(places: Box, frame: Box) -> Box:
    """The places, moved into the frame where they are beyond its edges."""
    sizes = places[:, 2:] - places[:, :2]
    corners = np.clip(places[:, :2], frame[:2], np.maximum(frame[:2], frame[2:] - sizes))
    return np.hstack([corners, corners + sizes])


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
