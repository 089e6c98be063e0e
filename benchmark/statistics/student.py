"""Student's t distribution: p-values and quantiles, for any number of degrees of freedom from 1 up.

With x = √ν tan θ, the density of t is proportional to cos^(ν − 1) θ, on a finite interval, so that sums over
a grid of angles give both.
"""

from __future__ import annotations

import math

import numpy as np

#: Angles on which integrals are evaluated; errors are below 1e-4 of the result.
ANGLES = 2_001


def two_sided_p(t: float, freedom: float) -> float:
    """P(|T| ≥ |t|) for Student's (1908) T with `freedom` degrees of freedom.

    It equals ∫ cos^(ν − 1) θ dθ from arctan(|t| / √ν) to π/2, divided by the same from 0.
    """
    reached = math.atan(abs(t) / math.sqrt(freedom))
    return min(1.0, _integral(reached, freedom) / _integral(0.0, freedom))


def quantile(level: float, freedom: float) -> float:
    """The t that P(|T| < t) = level holds for: 12.71 for 0.95 and one degree of freedom, 1.96 for many."""
    angles = np.linspace(0, _end(0.0, freedom), ANGLES)
    density = np.cos(angles) ** (freedom - 1)
    below = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])
    return math.sqrt(freedom) * math.tan(float(np.interp(level, below / below[-1], angles)))


def _integral(start: float, freedom: float) -> float:
    angles = np.linspace(start, _end(start, freedom), ANGLES)
    density = np.cos(angles) ** (freedom - 1)
    return float((density[1:] + density[:-1]).sum() / 2 * (angles[1] - angles[0]))


def _end(start: float, freedom: float) -> float:
    """Where the density has fallen to e^−40 of what it is at `start`, or π/2 if it does not fall so far."""
    return math.acos(math.exp(-40 / (freedom - 1)) * math.cos(start)) if freedom > 1 else math.pi / 2
