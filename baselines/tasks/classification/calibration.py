"""Class probabilities whose confidence is right: one scale for all scores, chosen on the validation items.

A naive Bayes classifier takes words for independent, so that it is far too sure; a network that has seen
its training items often is, too. Dividing the scores by a temperature mends that. Where no prior stands
beside the scores, it leaves the order of the classes as it is (Platt 1999; Guo et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.errors import UserError
from benchmark.task.items import Items

#: The scales that are searched, and the steps of golden section.
_LEAST, _MOST, _STEPS = 1e-4, 1e3, 60


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """ln of the softmax of each row: float64 [items, classes]."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def class_numbers(items: Items, classes: Sequence[str]) -> np.ndarray:
    """The number of each item's class; −1 for one that is not among `classes`."""
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(item.target[0], -1) for item in items], dtype=np.int64)


def judged(valid: Items, classes: Sequence[str]) -> list[int]:
    """The places of the validation items whose class training has: the others say nothing about a choice.

    Raises UserError where there is none.
    """
    places = np.flatnonzero(class_numbers(valid, classes) >= 0).tolist()
    if not places:
        raise UserError(
            "no validation item has a class of the training items, so nothing can be chosen on them"
        )
    return places


def smoothed_loss(log_probs: np.ndarray, right: np.ndarray) -> float:
    """The mean of −ln p of the right class, as if one item more of n + 2 had a class drawn at random.

    Without that share a few items that are all told apart would ask for certainty (Platt 1999, section 2.2).
    `log_probs` is float64 [items, classes], `right` [items].
    """
    share = 1 / (len(right) + 2)
    of_right = -log_probs[np.arange(len(right)), right].mean()
    return float((1 - share) * of_right - share * log_probs.mean())


def best_scale(prior: np.ndarray | float, scores: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """The s in p = softmax(prior + s · scores) with the least `smoothed_loss`, and that loss.

    `prior` is float64 [classes], `scores` float64 [items, classes], `right` [items]. The loss is convex in s,
    so a golden section of ln s finds its minimum.
    """

    def loss(log_scale: float) -> float:
        return smoothed_loss(log_softmax(prior + np.exp(log_scale) * scores), right)

    low, high = np.log(_LEAST), np.log(_MOST)
    golden = (np.sqrt(5) - 1) / 2
    left, right_end = high - golden * (high - low), low + golden * (high - low)
    of_left, of_right = loss(left), loss(right_end)
    for _ in range(_STEPS):
        if of_left <= of_right:
            high, right_end, of_right = right_end, left, of_left
            left = high - golden * (high - low)
            of_left = loss(left)
        else:
            low, left, of_left = left, right_end, of_right
            right_end = low + golden * (high - low)
            of_right = loss(right_end)
    return float(np.exp((low + high) / 2)), min(of_left, of_right)
