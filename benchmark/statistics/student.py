"""Student's t distribution: p-values and quantiles, for any number of degrees of freedom from 1 up.

With x = √ν tan θ, the density of t is proportional to cos^(ν − 1) θ, on a finite interval, so that sums over
a grid of angles give both.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

#: Angles on which the integrals of p-values and of quantiles are evaluated: right to three digits and more.
P_ANGLES, QUANTILE_ANGLES = 401, 2_001


def two_sided_p(t: np.ndarray | float, freedom: np.ndarray | float) -> np.ndarray:
    """P(|T| ≥ |t|) for Student's (1908) T with `freedom` degrees of freedom, in the shape of both.

    It equals ∫ cos^(ν − 1) θ dθ from arctan(|t| / √ν) to π/2, divided by the same from 0.
    """
    t, freedom = np.broadcast_arrays(np.abs(t).astype(np.float64), np.asarray(freedom, dtype=np.float64))
    reached = np.arctan(t / np.sqrt(freedom))
    distinct, which = np.unique(freedom, return_inverse=True)
    whole = _integral(np.zeros_like(distinct), distinct)[which].reshape(t.shape)
    return np.minimum(1.0, _integral(reached, freedom) / whole)


@lru_cache(maxsize=1_000)  # the rows of a table share their degrees of freedom
def quantile(level: float, freedom: float) -> float:
    """The t that P(|T| < t) = level holds for: 12.71 for 0.95 and one degree of freedom, 1.96 for many."""
    angles = np.linspace(0, float(_end(np.zeros(()), np.asarray(freedom))), QUANTILE_ANGLES)
    density = np.cos(angles) ** (freedom - 1)
    below = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])
    return math.sqrt(freedom) * math.tan(float(np.interp(level, below / below[-1], angles)))


def _integral(start: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """∫ cos^(ν − 1) θ dθ from `start` on, by the trapezoidal rule."""
    angles = np.linspace(start, _end(start, freedom), P_ANGLES)
    density = np.cos(angles) ** (freedom - 1)
    return (density[1:] + density[:-1]).sum(axis=0) / 2 * (angles[1] - angles[0])


def _end(start: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Where the density has fallen to e^−40 of what it is at `start`, or π/2 if it does not fall so far."""
    falls = np.exp(-40 / np.maximum(freedom - 1, 1e-12))
    return np.arccos(falls * np.cos(start))
