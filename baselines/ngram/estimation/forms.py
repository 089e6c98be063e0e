"""Interpolation and backoff: how discounted counts and the shorter n-grams make a model.

In: the n-grams of every order, and what each order's counts keep and leave (`Kept`), from order 1 up; a
generator of them keeps one order in memory at a time. Out: the `BackoffTable`. A method of smoothing is
then only its choice of `Kept`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from baselines.ngram.counting.counts import OrderCounts, sums_by_context
from baselines.ngram.table.backoff import BackoffTable

Form = Literal["interpolated", "backoff"]


@dataclass(frozen=True)
class Kept:
    """The counts of one order divided between the words seen and the lower order.

    `kept` float64 [n-grams], k(h w) ≥ 0, what each n-gram keeps of its count; `left` float64 [contexts],
    l(h) ≥ 0, what each context, an n-gram one shorter, leaves to the lower order. An n-gram that keeps
    nothing counts as not seen.
    """

    kept: np.ndarray
    left: np.ndarray


def contexts_of_order(counts: list[OrderCounts], n: int) -> int:
    """How many contexts the n-grams of order n are counted in: the (n−1)-grams, or one for order 1."""
    return len(counts[n - 2]) if n > 1 else 1


def discounted(
    ngrams: OrderCounts, counted: np.ndarray, discounts: tuple[float, float, float], contexts: int
) -> Kept:
    """D₁ taken from every count of 1, D₂ from 2 and D₃₊ from 3 and more; what is taken is left.

    `counted` are the counts of `ngrams` or what stands for them (continuation counts).
    """
    taken = np.array([0.0, *discounts])[np.minimum(counted, 3)]
    return Kept(counted - taken, sums_by_context(ngrams, taken, contexts))


def smooth(counts: list[OrderCounts], orders: Iterable[Kept], form: Form) -> BackoffTable:
    """Chen & Goodman 1998, sec. 2.8. With t(h) = Σ_w k(h w) + l(h), and h' the context h less its first word,

        interpolated:  p(w | h) = k(h w) / t(h) + l(h) / t(h) · p(w | h');
        backoff:       p(w | h) = k(h w) / t(h)  if k(h w) > 0,  b(h) p(w | h')  if not,
                       b(h) = l(h) / t(h) / (1 − Σ_{w: k(h w) > 0} p(w | h')).

    Below order 1 stands 1 / V, V the size of the vocabulary. A context never counted gives p(w | h').
    Where every word was seen after h nothing is left to back off to: what h leaves is shared out by
    interpolation there (as SRILM does with its unigrams), so that both forms always sum to one.
    """
    words = counts[0].words
    lower = np.array([1 / words])
    log_probs, log_backoffs = [], []
    for n, (ngrams, order) in enumerate(zip(counts, orders, strict=True), 1):
        contexts = contexts_of_order(counts, n)
        total = sums_by_context(ngrams, order.kept, contexts) + order.left
        counted = total > 0
        share = np.divide(order.left, total, where=counted, out=np.ones(contexts))
        total[~counted] = 1  # nothing is divided by it but zeros
        own, below = order.kept / total[ngrams.contexts], lower[ngrams.suffix]
        if form == "interpolated":
            weight, lower = share, own + share[ngrams.contexts] * below
        else:
            weight, lower = _backed_off(ngrams, own, below, share)
        with np.errstate(divide="ignore"):  # relative frequencies hold zeros
            log_probs.append(np.log(lower).astype(np.float32))
            log_backoffs.append(np.log(weight).astype(np.float32))
    return BackoffTable.of(counts, log_probs, log_backoffs[1:])


def _backed_off(
    ngrams: OrderCounts, own: np.ndarray, below: np.ndarray, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """b(h) of each context and p(w | h) of each n-gram.

    `own` is k(h w) / t(h) and `below` p(w | h') of each n-gram, `share` is l(h) / t(h) of each context.
    """
    seen = own > 0
    contexts = len(share)
    all_seen = sums_by_context(ngrams, seen, contexts) == ngrams.words
    # what is unseen has some probability, which rounding of the sum must not make 0 or less
    unseen = np.maximum(1 - sums_by_context(ngrams, below * seen, contexts), np.finfo(np.float64).eps)
    weight = np.where(all_seen, share, share / unseen)
    interpolated = own + np.where(all_seen, share, 0.0)[ngrams.contexts] * below
    return weight, np.where(seen, interpolated, weight[ngrams.contexts] * below)
