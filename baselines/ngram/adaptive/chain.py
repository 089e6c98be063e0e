"""A chain of estimates, each interpolated with the one before (Jelinek & Mercer 1980), weighted by bucket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ITERATIONS = 500
#: Targets added to each bucket, half of them for the estimate and half for the one before it. So a bucket
#: with few or no validation targets keeps a moderate weight.
_PRIOR = 2.0


@dataclass(frozen=True)
class Estimate:
    """One estimate in the chain.

    `probability` float64 [targets]: 0 if it has none. `bucket` int64 [targets]: the class of histories that
    share a weight. Bucket 0 is for histories without an estimate.
    """

    probability: np.ndarray
    bucket: np.ndarray


def interpolated(levels: list[Estimate], weights: list[np.ndarray], floor: np.ndarray) -> list[np.ndarray]:
    """p₀, p₁, … with p₀ the floor and pₙ = λₙ(bucket) · estimateₙ + (1 − λₙ(bucket)) · pₙ₋₁.

    float64 [targets] each. Broadcasts over words: `probability` may be [contexts, words] and `bucket`
    [contexts, 1].
    """
    chain = [floor]
    for level, weight in zip(levels, weights, strict=True):
        share = weight[level.bucket]
        chain.append(share * level.probability + (1 - share) * chain[-1])
    return chain


def chain_weights(
    levels: list[Estimate], buckets: int, floor: np.ndarray, tolerance: float = 1e-7
) -> list[np.ndarray]:
    """λₙ [buckets] of each estimate that make the targets likeliest, by EM; bucket 0 has weight 0.

    In the expectation step a target moves down the chain: estimate n takes the share λₙ estimateₙ / pₙ of
    what reaches it, and passes on the rest.
    """
    weights = [np.full(buckets, 0.5) for _ in levels]
    for weight in weights:
        weight[0] = 0.0
    before = np.inf
    for _ in range(_ITERATIONS):
        chain = interpolated(levels, weights, floor)
        nats = -float(np.mean(np.log(chain[-1]))) if len(floor) else 0.0
        if before - nats < tolerance:
            break
        before = nats
        weights = _maximised(levels, weights, chain)
    return weights


def _maximised(
    levels: list[Estimate], weights: list[np.ndarray], chain: list[np.ndarray]
) -> list[np.ndarray]:
    found = []
    reaching = np.ones(len(chain[0]))
    for level, weight, whole in zip(levels[::-1], weights[::-1], chain[:0:-1], strict=True):
        taken = reaching * weight[level.bucket] * level.probability / whole
        took = np.bincount(level.bucket, weights=taken, minlength=len(weight)) + _PRIOR / 2
        reached = np.bincount(level.bucket, weights=reaching, minlength=len(weight)) + _PRIOR
        share = took / reached
        share[0] = 0.0
        found.append(share)
        reaching = reaching - taken
    return found[::-1]
