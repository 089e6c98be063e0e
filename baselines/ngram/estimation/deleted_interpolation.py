"""Weights of deleted interpolation from held-out text, by expectation maximisation (Jelinek & Mercer 1980).

Input: a `Level` for each order n, from 1 up: for each held-out target, in the order of the text, its relative
frequency f_n in the counts and the bucket b_n of its context.

Output: for each order the weights λ_n [buckets] under which the targets are likeliest, with p₀ = 1 / V and

    p_n = λ_n(b_n) f_n + (1 − λ_n(b_n)) p_{n−1}.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: EM stops when a step gains less than this many nats for each target, or after so many steps.
_LEAST_GAIN, _MOST_STEPS = 1e-6, 500


@dataclass(frozen=True)
class Level:
    """One order on the held-out targets, with `buckets` buckets.

    `frequency` float [targets]: f_n. `bucket` int [targets]: b_n, or −1 if the context was never seen, in
    which case p_n = p_{n−1}.
    """

    frequency: np.ndarray
    bucket: np.ndarray
    buckets: int

    def spread(self, weights: np.ndarray) -> np.ndarray:
        """The weight of each target, 0 if its context was never seen: float64 [targets]."""
        return np.append(weights, 0.0)[self.bucket]

    def totals(self, values: np.ndarray) -> np.ndarray:
        """The sum of the targets' values in each bucket: float64 [buckets]."""
        return np.bincount(self.bucket + 1, weights=values, minlength=self.buckets + 1)[1:]


def weights_by_em(
    levels: list[Level], uniform: float, step: Callable[[int, float], None] = lambda done, nats: None
) -> list[np.ndarray]:
    """λ_n [buckets] of each order, starting at one half. `step(i, nats)` gets the mean −ln p after i steps.

    With r_n the probability that the target came from order n or below, one step sets each weight to
    Σ r_n λ f_n / p_n over Σ r_n, the sums over the targets of its bucket. No step lowers the likelihood. No
    weight exceeds (m + 1) / (m + 2), m the number of held-out targets of its bucket: although none of them
    needed the lower order, a later one may (Laplace's rule of succession).
    """
    most = [(m + 1) / (m + 2) for m in (level.totals(np.ones(len(level.bucket))) for level in levels)]
    weights = [np.full(level.buckets, 0.5) for level in levels]
    before = np.inf
    for done in range(_MOST_STEPS + 1):
        probs = _probabilities(levels, weights, uniform)
        nats = -float(np.mean(np.log(probs[-1])))
        step(done, nats)
        if before - nats < _LEAST_GAIN or done == _MOST_STEPS:
            break
        before = nats
        weights = _maximised(levels, weights, probs, most)
    return weights


def _probabilities(levels: list[Level], weights: list[np.ndarray], uniform: float) -> list[np.ndarray]:
    """p₀, p₁, … of each target: float64 [targets] each."""
    probs = [np.full(len(levels[0].bucket), uniform)]
    for level, of_bucket in zip(levels, weights, strict=True):
        weight = level.spread(of_bucket)
        probs.append(weight * level.frequency + (1 - weight) * probs[-1])
    return probs


def _maximised(
    levels: list[Level], weights: list[np.ndarray], probs: list[np.ndarray], most: list[np.ndarray]
) -> list[np.ndarray]:
    """The weights after one step, computed from the highest order down."""
    better = []
    reach = np.ones(len(probs[0]))
    for level, of_bucket, prob, limit in reversed(list(zip(levels, weights, probs[1:], most, strict=True))):
        own = reach * level.spread(of_bucket) * level.frequency / prob
        could, had = level.totals(reach), level.totals(own)
        share = np.divide(had, could, where=could > 0, out=of_bucket.copy())
        better.append(np.minimum(share, limit))
        reach = reach - own
    return better[::-1]
