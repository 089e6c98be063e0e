"""Where two curves of perplexity cross, and a sentence that says so for curves over training tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmark import text

#: (cost, perplexity), by rising cost, such as training tokens; finite and above 0.
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Crossing:
    """A cost at which two curves change places; `first_leads`: whether the first is lower from there on."""

    at: float
    perplexity: float
    first_leads: bool


@dataclass(frozen=True)
class CurveComparison:
    """Two curves over the range of costs, from `begin` to `end`, that both cover.

    `first_led` says whether the first curve is the lower one at the beginning (None: they are equal
    throughout). `crossings` are in order of cost.
    """

    begin: float
    end: float
    first_led: bool | None
    crossings: tuple[Crossing, ...]


def compare_curves(first: Points, second: Points) -> CurveComparison | None:
    """Compares two curves; None where their ranges of costs do not overlap.

    Between its points, a curve is a straight line in the logarithms of cost and perplexity, as it would be
    under a power law (Hestness et al. 2017; Kaplan et al. 2020, equation 1.2). Curves that touch without
    changing places do not cross. Curves that run together and then change places cross where they first met.
    """
    begin, end = max(first[0][0], second[0][0]), min(first[-1][0], second[-1][0])
    if begin > end:
        return None
    knots = sorted({math.log(x) for x, _ in (*first, *second) if begin <= x <= end})
    gaps = [_at(first, knot) - _at(second, knot) for knot in knots]
    leading = [(index, gap < 0) for index, gap in enumerate(gaps) if gap]
    crossings = []
    for (before, led), (after, leads) in pairwise(leading):
        if led != leads:
            # The first of the knots in between, where the curves are equal; else the zero of a straight line.
            share = 1.0 if after > before + 1 else gaps[before] / (gaps[before] - gaps[after])
            place = knots[before] + share * (knots[before + 1] - knots[before])
            crossings.append(Crossing(math.exp(place), math.exp(_at(first, place)), leads))
    return CurveComparison(begin, end, leading[0][1] if leading else None, tuple(crossings))


def _at(points: Points, place: float) -> float:
    """The log perplexity of a curve at the log cost `place`, interpolated."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    for (x0, y0), (x1, y1) in pairwise(logs):
        if place <= x1:
            return y0 + (place - x0) / (x1 - x0) * (y1 - y0)
    return logs[-1][1]


def comparison_sentence(first: str, second: str, compared: CurveComparison, sure: str = "") -> str:
    """A sentence on two curves: which passes the other at how many tokens, or which is ahead throughout.

    `sure` follows the first crossing: its interval in brackets, after a space.
    """
    if compared.first_led is None:
        return f"{first} and {second} are level throughout."
    if not compared.crossings:
        ahead, behind = (first, second) if compared.first_led else (second, first)
        return f"{ahead} is ahead of {behind} {throughout(compared.begin, compared.end)}."
    start, *later = compared.crossings
    ahead, behind = (first, second) if start.first_leads else (second, first)
    first_crossing = f"{ahead} passes {behind} at about {_tokens(start.at)} training tokens{sure}"
    turns = [
        f"{'is ahead again from' if crossing.first_leads == start.first_leads else 'falls behind from'} "
        f"about {_tokens(crossing.at)} on"
        for crossing in later
    ]
    return f"{text.listed([first_crossing, *turns])}."


def throughout(begin: float, end: float) -> str:
    """`throughout, from 2,000 to 2,100,000 training tokens`."""
    return f"throughout, from {_tokens(begin)} to {_tokens(end)} training tokens"


def _tokens(value: float) -> str:
    return text.significant(value, 2)
