"""Pruning: removing the n-grams that a backoff model needs least.

Input and output: an `UnpackedOrder` for each order, from 1 up, sorted by context and then by last word.

Pruning by count, as in lmplz, and by relative entropy (Stolcke 1998). Both leave a model that sums to one and
lists the context of every n-gram.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from baselines.ngram.table.unpacked import UnpackedOrder, log, normalise, select, stored_masses

#: How far below its backed-off estimate rounding may put an interpolated probability, as a share of it.
_ROUNDING = 1e-6


def by_count(
    orders: Sequence[UnpackedOrder], counts: Sequence[np.ndarray], cutoffs: Sequence[int]
) -> list[UnpackedOrder]:
    """The n-grams without those whose count is at most the cutoff of their order (`cutoffs[n − 1]`).

    `counts[n − 1]` [n-grams] is in the order of the n-grams. The cutoffs must not fall, and that of order 1
    must be 0 (every word stays), so that the context and suffix of each n-gram stay with it. Discounts and
    counts are those of the whole text. In an interpolated model, with u(h w) = p*(h w) − b(h) p(w | h') the
    n-gram's own contribution, the mass that is cut goes to the lower order, as in lmplz's `--prune`:

        b'(h) = b(h) + Σ u(h w) over what is cut,   p'(h w) = u(h w) + b'(h) p'(w | h').

    A model that is not interpolated (some u is negative) keeps the p* of the n-grams that stay, and its
    weights are recomputed, as with SRILM's `-gtNmin`, which gives the least count that stays.
    """
    kept = [np.ones(len(orders[0]), dtype=bool)]
    kept += [count > cutoff for count, cutoff in zip(counts[1:], cutoffs[1:], strict=True)]
    return _without(orders, kept, orders[0])


def _without(
    orders: Sequence[UnpackedOrder], kept: Sequence[np.ndarray], first: UnpackedOrder
) -> list[UnpackedOrder]:
    """The n-grams that are `kept`, above the unigrams `first`, with the mass of the others given to the lower
    order."""
    own = [_own_part(lower, order) for lower, order in pairwise(orders)]
    if any(
        (part < -_ROUNDING * np.exp(order.log_probs)).any()
        for part, order in zip(own, orders[1:], strict=True)
    ):
        return normalise(select([first, *orders[1:]], kept))
    made = [first]
    for order, part, mask in zip(orders[1:], own, kept[1:], strict=True):
        lower = made.pop()
        weight = np.exp(lower.log_backoffs) + order.sums(np.where(mask, 0, part), len(lower))
        probs = np.where(mask, part, 0) + weight[order.contexts] * np.exp(lower.log_probs[order.suffixes])
        made += [replace(lower, log_backoffs=log(weight)), replace(order, log_probs=log(probs))]
    return select(made, kept)


def _own_part(lower: UnpackedOrder, order: UnpackedOrder) -> np.ndarray:
    """p*(h w) − b(h) p(w | h') of each n-gram of `order`: float64 [n-grams]."""
    backed_off = lower.log_backoffs[order.contexts] + lower.log_probs[order.suffixes]
    return np.exp(order.log_probs) - np.exp(backed_off)


def by_relative_entropy(
    orders: Sequence[UnpackedOrder], threshold: float, end: int | None
) -> list[UnpackedOrder]:
    """The n-grams without those whose loss alone raises the model's perplexity by a share below `threshold`.

    exp(D) − 1 < threshold, with D the relative entropy of the model to the one without h w (Stolcke 1998,
    eq. 1 and 2; SRILM's `-prune`):

        D = − P(h) { p(w | h) [ln p(w | h') + ln b'(h) − ln p(w | h)] + [ln b'(h) − ln b(h)] r(h) },

    r(h) = 1 − Σ p*(h v), and b'(h) the weight without h w. Each n-gram is judged in the whole model, and
    stays if it is the context of a longer one that stays. P(h) is the product of the model's probabilities of
    its words. `<s>` has no probability; that of the word `end`, `</s>`, is used (as in SRILM), or 0 without
    one. The suffixes of the n-grams that stay are listed as implied, which SRILM leaves to the reader.
    """
    dispensable = relative_entropies(orders, end)
    with np.errstate(over="ignore"):
        kept = [np.expm1(each) >= threshold for each in dispensable]
    kept.insert(0, np.ones(len(orders[0]), dtype=bool))
    for n in range(len(orders) - 1, 1, -1):  # from the highest order down
        kept[n - 1][orders[n].contexts[kept[n]]] = True
    listed = [mask.copy() for mask in kept]
    for n in range(len(orders) - 1, 1, -1):
        listed[n - 1][orders[n].contexts[listed[n]]] = True
        listed[n - 1][orders[n].suffixes[listed[n]]] = True
    marked = [replace(order, implied=order.implied | ~mask) for order, mask in zip(orders, kept, strict=True)]
    return normalise(select(marked, listed))


def relative_entropies(orders: Sequence[UnpackedOrder], end: int | None) -> list[np.ndarray]:
    """D of each n-gram of orders 2, 3, … in nats: float64 [order − 2][n-grams]."""
    first = orders[0].log_probs.copy()
    first[-1] = -np.inf if end is None else first[end]
    history, found = first, []
    for lower, order in pairwise(orders):
        _, backed_off = stored_masses(lower, order)
        room = np.maximum(1 - backed_off, 0)  # Σ p(w | h') over the words not stored after h
        left = np.exp(lower.log_backoffs) * room
        below = lower.log_probs[order.suffixes]
        prob = np.exp(order.log_probs)
        weight = log(left[order.contexts] + prob) - log(room[order.contexts] + np.exp(below))
        with np.errstate(invalid="ignore"):  # 0 · −∞ if nothing is left
            change = prob * (below + weight - order.log_probs)
            change += np.where(left > 0, left, 0)[order.contexts] * (
                weight - lower.log_backoffs[order.contexts]
            )
        found.append(-np.exp(history[order.contexts]) * np.nan_to_num(change, nan=0.0))
        history = history[order.contexts] + order.log_probs
    return found
