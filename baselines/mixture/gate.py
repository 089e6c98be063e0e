"""A gate: weights of components as a function of the history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.statistics.mixing import expectation_maximisation

_ITERATIONS = 100
_RIDGE = 1e-5  # keeps the coefficients of similar features from growing against each other


@dataclass(frozen=True)
class Gate:
    """λᵢ(h) = exp(uᵢ · f(h)) / Σⱼ exp(uⱼ · f(h)), f the features minus `centre`, divided by `scale`.

    `coefficients` float64 [features, components]. The first feature is always 1.
    """

    centre: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray

    def log_weights(self, features: np.ndarray) -> np.ndarray:
        """ln λ: float64 [components, histories], from features [histories, features]."""
        scores = (features - self.centre) / self.scale @ self.coefficients
        scores -= scores.max(axis=1, keepdims=True)
        return (scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))).T


def fitted_gate(scores: np.ndarray, features: np.ndarray) -> Gate:
    """The gate that makes the targets likeliest, by L-BFGS, starting from the best constant weights.

    `scores` [components, targets] holds ln pᵢ, `features` [targets, features] what is known before each.
    """
    import torch

    centre, scale = features.mean(axis=0), features.std(axis=0)
    centre[0], scale[scale < 1e-9] = 0.0, 1.0
    constant, _ = expectation_maximisation(scores)
    start = np.zeros((features.shape[1], len(scores)))
    start[0] = np.log(constant + 1e-4)

    known = torch.from_numpy((features - centre) / scale)
    log_probs = torch.from_numpy(np.maximum(scores, -100).T.astype(np.float64))
    coefficients = torch.from_numpy(start).requires_grad_()
    search = torch.optim.LBFGS([coefficients], max_iter=_ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        mixed = torch.logsumexp(torch.log_softmax(known @ coefficients, 1) + log_probs, 1)
        value = _RIDGE * coefficients[1:].square().sum() - mixed.mean()
        value.backward()
        return value

    if len(features):
        search.step(loss)
    return Gate(centre, scale, coefficients.detach().numpy())
