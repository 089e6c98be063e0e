"""The uncertainty of a share."""

from __future__ import annotations

import math
from statistics import NormalDist

from benchmark.statistics import LEVEL


def wilson(share: float, trials: int) -> tuple[float, float]:
    """Wilson's (1927) score interval of a share of independent trials, at the level of 95%.

    With z the normal quantile: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n). Where the trials are the
    same number from each of several sets, it is too wide rather than too narrow.
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    centre = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
