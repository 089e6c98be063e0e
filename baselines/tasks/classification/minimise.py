"""Minimising a smooth function of many numbers, by L-BFGS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: Pairs of steps and changes of the gradient that the inverse Hessian is approximated from.
_MEMORY = 10
#: How much of the predicted decrease a step has to bring, and how often it is halved for that.
_DECREASE, _HALVINGS = 1e-4, 40


def minimised(
    function: Callable[[np.ndarray], tuple[float, np.ndarray]],
    start: np.ndarray,
    tolerance: float = 1e-4,
    iterations: int = 500,
) -> np.ndarray:
    """Where a convex function is least: L-BFGS with backtracking (Nocedal & Wright 2006, algorithm 7.5).

    `function` gives its value and its gradient at a point float64 [numbers]. It ends when the norm of the
    gradient has fallen to `tolerance` of that at zero, or when no step brings a decrease.
    """
    x = start
    value, gradient = function(x)
    enough = tolerance * float(np.linalg.norm(function(np.zeros_like(x))[1]))
    steps: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(iterations):
        if np.linalg.norm(gradient) <= enough:
            break
        direction = -_newton_like(gradient, steps)
        slope = float(direction @ gradient)
        if slope >= 0:  # rounding has spoilt what was remembered
            steps, direction, slope = [], -gradient, -float(gradient @ gradient)
        rate = 1.0 if steps else min(1.0, 1 / float(np.linalg.norm(gradient)))
        for _halving in range(_HALVINGS):
            new_value, new_gradient = function(x + rate * direction)
            if new_value <= value + _DECREASE * rate * slope:
                break
            rate /= 2
        else:
            break
        step, change = rate * direction, new_gradient - gradient
        if step @ change > 1e-12 * float(change @ change):
            steps = [*steps[1 - _MEMORY :], (step, change)]
        x, value, gradient = x + step, new_value, new_gradient
    return x


def _newton_like(gradient: np.ndarray, steps: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The approximate inverse Hessian times the gradient, by the two loops of algorithm 7.4."""
    result = gradient.copy()
    shares = []
    for step, change in reversed(steps):
        share = float(step @ result) / float(step @ change)
        result -= share * change
        shares.append(share)
    if steps:
        step, change = steps[-1]
        result *= float(step @ change) / float(change @ change)
    for (step, change), share in zip(steps, reversed(shares), strict=True):
        result += (share - float(change @ result) / float(step @ change)) * step
    return result
