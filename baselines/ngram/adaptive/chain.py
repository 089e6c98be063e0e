"""A chain of estimates, each backing the one before, with weights by bucket (Jelinek & Mercer 1980)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ITERATIONS = 500
#: Targets added to each bucket, half of them for the estimate and half for what backs it: a bucket that
#: the validation text never or hardly shows keeps a moderate weight.
_PRIOR = 2.0


@dataclass(frozen=True)
class Level:
    """One estimate: `probability` [targets], 0 where it has none, and `bucket` [targets], the class of
    history that its weight belongs to. Bucket 0 is for histories that it knows nothing of."""

    probability: np.ndarray
    bucket: np.ndarray


def interpolated(levels: list[Level], weights: list[np.ndarray], floor: np.ndarray) -> list[np.ndarray]:
    """p₀, p₁, … with p₀ the floor and pₙ = λₙ(bucket) · estimateₙ + (1 − λₙ(bucket)) · pₙ₋₁.

    Broadcasts over words: `probability` may be [contexts, words] and `bucket` [contexts, 1].
    """
    chain = [floor]
    for level, weight in zip(levels, weights, strict=True):
        share = weight[level.bucket]
        chain.append(share * level.probability + (1 - share) * chain[-1])
    return chain


def chain_weights(
    levels: list[Level], buckets: int, floor: np.ndarray, tolerance: float = 1e-7
) -> list[np.ndarray]:
    """λₙ [buckets] of each level that make the targets likeliest, by EM; bucket 0 has weight 0.

    In the expectation step a target falls down the chain: level n takes the share
    λₙ estimateₙ / pₙ of what reaches it, and passes on the rest.
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


def _maximised(levels: list[Level], weights: list[np.ndarray], chain: list[np.ndarray]) -> list[np.ndarray]:
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
