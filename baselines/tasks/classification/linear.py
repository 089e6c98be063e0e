"""Linear classifiers of sparse rows, trained one class versus the rest."""

from __future__ import annotations

from typing import Literal

import numpy as np

from baselines.tasks.classification.features import Rows
from baselines.tasks.classification.minimise import minimised

Loss = Literal["squared_hinge", "logistic"]


def objective(
    rows: Rows, scales: np.ndarray, signs: np.ndarray, cost: float, loss: Loss, weights: np.ndarray
) -> tuple[float, np.ndarray]:
    """½ ‖w‖² + C Σ loss(y (w · (r ∘ x) + b)), and its gradient; `weights` is w, then b, which is free.

    The loss is max(0, 1 − m)² or ln(1 + e^−m) of the margin m. `scales` is r [features], `signs` y [texts],
    ±1.
    """
    w, b = weights[:-1], weights[-1]
    margins = signs * (rows.dot(w * scales) + b)
    if loss == "squared_hinge":
        short = np.maximum(0, 1 - margins)
        losses, slopes = short**2, -2 * short
    else:
        losses = np.logaddexp(0, -margins)
        slopes = -np.exp(-np.logaddexp(0, margins))
    of_texts = cost * signs * slopes
    gradient = np.append(w + scales * rows.transposed_dot(of_texts), of_texts.sum())
    return float(w @ w / 2 + cost * losses.sum()), gradient


def trained(
    rows: Rows,
    scales: np.ndarray,
    signs: np.ndarray,
    cost: float,
    loss: Loss,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """The weights, then the bias, for which `objective` is least: float64 [features + 1]."""
    start = np.zeros(rows.features + 1) if start is None else start
    return minimised(lambda weights: objective(rows, scales, signs, cost, loss, weights), start)
