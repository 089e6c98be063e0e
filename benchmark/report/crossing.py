"""Where two learning curves cross, and how that is said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmark import text

#: (training tokens, perplexity), by rising tokens; finite and above 0.
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Crossing:
    """Where one curve passes another: tokens, perplexity, and whether the first is the lower one after."""

    tokens: float
    perplexity: float
    first_leads: bool


@dataclass(frozen=True)
class Meeting:
    """What two curves do where both are known: the range of tokens, who leads at its beginning (None:
    they are equal throughout), and the crossings in order."""

    begin: float
    end: float
    first_led: bool | None
    crossings: tuple[Crossing, ...]


def meeting(first: Points, second: Points) -> Meeting | None:
    """How two curves lie to each other; None where no training size lies in the range of both.

    Between its points a curve is a straight line in the logarithms of tokens and perplexity, as a power
    law of the data is (Hestness et al. 2017; Kaplan et al. 2020, equation 1.2). Curves that touch without
    changing sides do not cross; where they run together before changing sides, they cross where they met.
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
            # Where they are equal at knots between, the first of these; else the zero of a straight line.
            share = 1.0 if after > before + 1 else gaps[before] / (gaps[before] - gaps[after])
            place = knots[before] + share * (knots[before + 1] - knots[before])
            crossings.append(Crossing(math.exp(place), math.exp(_at(first, place)), leads))
    return Meeting(begin, end, leading[0][1] if leading else None, tuple(crossings))


def _at(points: Points, place: float) -> float:
    """The logarithm of the perplexity at a logarithm of tokens that lies within the points."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    for (x0, y0), (x1, y1) in pairwise(logs):
        if place <= x1:
            return y0 + (place - x0) / (x1 - x0) * (y1 - y0)
    return logs[-1][1]


def described(first: str, second: str, met: Meeting) -> str:
    """How two curves lie to each other, as a sentence: who passes whom at how many tokens, or who leads."""
    if met.first_led is None:
        return f"{first} and {second} are level throughout."
    if not met.crossings:
        ahead, behind = (first, second) if met.first_led else (second, first)
        where = f"from {_tokens(met.begin)} to {_tokens(met.end)} training tokens"
        return f"{ahead} is ahead of {behind} throughout, {where}."
    start, *later = met.crossings
    ahead, behind = (first, second) if start.first_leads else (second, first)
    said = f"{ahead} passes {behind} at about {_tokens(start.tokens)} training tokens"
    turns = [
        f"{'is ahead again from' if crossing.first_leads == start.first_leads else 'falls behind from'} "
        f"about {_tokens(crossing.tokens)} on"
        for crossing in later
    ]
    return f"{text.listed([said, *turns])}."


def _tokens(value: float) -> str:
    return text.significant(value, 2)
