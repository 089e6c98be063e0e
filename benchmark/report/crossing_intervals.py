"""How sure it is from what cost on one curve of test perplexity is below another.

Each point of a curve is a row of the report. When the text and the seeds are drawn anew, its log perplexity
moves by the deviation of the row's mean loss, for all rows together, so that the curves stay paired. Every
draw has its own place from which the first curve is below the second; the interval is that of these places.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.report.uncertainty import Uncertainty
from benchmark.statistics import LEVEL


@dataclass(frozen=True)
class CostInterval:
    """Between which costs a curve gets below another, with a probability of 95%.

    `low` is −inf if it may be below from the first cost that both have; an end is inf if it may never be.
    """

    low: float
    high: float

    def in_brackets(self, show: Callable[[float], str]) -> str:
        """` (95%: 22 k to 46 k)`; nothing where no draw differs from the estimate that it is always or never
        below."""
        if self.low == self.high and math.isinf(self.low):
            return ""
        low = "start" if self.low == -math.inf else show(self.low)
        high = "never" if self.high == math.inf else show(self.high)
        return f" ({LEVEL:.0%}: {low} to {high})"


@dataclass(frozen=True)
class TracedCurve:
    """A curve by rising cost: the log perplexity of each point, and the number of the row that it shows."""

    costs: tuple[float, ...]
    nats: tuple[float, ...]
    rows: tuple[int, ...]

    @classmethod
    def of(cls, points: Sequence[tuple[float, float]], rows: Sequence[int]) -> TracedCurve:
        """The curve of (cost, perplexity), each shown by the row of that number."""
        return cls(tuple(x for x, _ in points), tuple(math.log(y) for _, y in points), tuple(rows))


def crossing_interval(
    known: Uncertainty | None, first: TracedCurve, second: TracedCurve, *, steps: bool = False
) -> CostInterval | None:
    """Where the first curve gets below the second. None where the losses of a row are not known.

    Between their points the curves are straight lines in the logarithms or, with `steps`, level up to the
    next point. The places of the draws are stretched about the estimate as any other estimate is
    (`Bootstrap.stretch`), here by stretching the deviations.
    """
    if known is None or not set(known.places).issuperset(first.rows + second.rows):
        return None
    begin, end = max(first.costs[0], second.costs[0]), min(first.costs[-1], second.costs[-1])
    if begin > end:
        return None
    knots = np.log(np.unique([x for x in (*first.costs, *second.costs) if begin <= x <= end]))
    shares = [_shares(curve, knots, steps) for curve in (first, second)]
    gap = shares[0] @ first.nats - shares[1] @ second.nats
    weights = np.zeros((len(knots), len(known.places)))
    for curve, share, sign in zip((first, second), shares, (1, -1), strict=True):
        places = [known.places[row] for row in curve.rows]
        np.add.at(weights.T, places, sign * share.T)
    estimate = np.clip(_places(gap[None, :], knots, steps)[0], knots[0], knots[-1])
    stretch = known.losses.stretch(weights[np.abs(knots - estimate).argmin()])
    drawn = _places(gap + stretch * (known.losses.deviations @ weights.T), knots, steps)
    tail = (1 - LEVEL) / 2
    low, high = (float(np.quantile(drawn, at, method="inverted_cdf")) for at in (tail, 1 - tail))
    return CostInterval(_cost(low), _cost(high))


def _cost(place: float) -> float:
    return math.exp(place) if math.isfinite(place) else place


def _shares(curve: TracedCurve, knots: np.ndarray, steps: bool) -> np.ndarray:
    """How much of each point the curve consists of at each knot: float64 [knots, points]."""
    costs = np.log(curve.costs)
    if steps:
        return np.eye(len(costs))[np.searchsorted(costs, knots, side="right") - 1]
    return np.stack([np.interp(knots, costs, point) for point in np.eye(len(costs))], axis=1)


def _places(gaps: np.ndarray, knots: np.ndarray, steps: bool) -> np.ndarray:
    """The log cost from which each line of `gaps` [lines, knots] is below zero: −inf if it is from the first
    knot on, inf if it never is."""
    below = gaps < 0
    at = below.argmax(axis=1)
    lines, before = np.arange(len(gaps)), np.maximum(at - 1, 0)
    places = knots[at]
    if not steps:
        above, under = gaps[lines, before], gaps[lines, at]
        share = np.divide(above, above - under, out=np.ones(len(gaps)), where=above != under)
        places = knots[before] + share * (knots[at] - knots[before])
    return np.where(below.any(axis=1), np.where(at == 0, -np.inf, places), np.inf)
