"""Weights of a linear mixture by expectation maximisation (Dempster, Laird & Rubin 1977)."""

from __future__ import annotations

import numpy as np

_ITERATIONS = 1000


def expectation_maximisation(log_probs: np.ndarray, tolerance: float = 1e-7) -> tuple[np.ndarray, float]:
    """The weights λ that maximise Σ_t ln Σᵢ λᵢ pᵢ(t), and the mean −ln p they reach (nats a target).

    `log_probs` [components, targets] holds ln pᵢ(t). The weights begin equal. In each iteration λᵢ becomes
    the mean over the targets of λᵢ pᵢ(t) / Σⱼ λⱼ pⱼ(t), which never lowers the likelihood, until an iteration
    gains less than `tolerance` nats for each target. The likelihood is concave in λ, so there is one maximum.
    Targets to which every component gives probability 0 do not bear on the weights and are left out of both.
    """
    highest = log_probs.max(axis=0).astype(np.float64)
    usable = np.isfinite(highest)
    highest = highest[usable]
    scaled = np.exp(
        log_probs[:, usable] - highest
    )  # the likeliest component is 1, so that nothing underflows
    weights = np.full(len(scaled), 1 / len(scaled))
    if not len(highest):
        return weights, 0.0
    before = np.inf
    for _ in range(_ITERATIONS):
        together = weights @ scaled
        nats = -float(np.mean(np.log(together) + highest))
        if before - nats < tolerance:
            break
        before = nats
        weights = weights * (scaled @ (1 / together)) / len(together)
    return weights, nats


def mixed(log_probs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """ln Σᵢ λᵢ pᵢ: float32 [...], from ln pᵢ [components, ...] and λ [components] or [components, ...]."""
    shape = weights.shape + (1,) * (log_probs.ndim - weights.ndim)
    with np.errstate(divide="ignore"):  # a weight of 0
        log_weights = np.log(weights).reshape(shape)
    total = log_probs[0] + log_weights[0]
    for scores, log_weight in zip(log_probs[1:], log_weights[1:], strict=True):
        total = np.logaddexp(total, scores + log_weight)
    return total.astype(np.float32)
