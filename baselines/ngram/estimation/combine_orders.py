"""Interpolation and backoff: from discounted counts of each order to a model.

Input: the n-grams of every order, and beside each order its `DiscountedCounts`, from order 1 up. A generator
of these keeps one order in memory at a time. Arrays follow the n-grams of `OrderCounts`: ascending by
context, then by last word.

Output: a `BackoffTable` of the same n-grams in the same order.

A smoothing method is then only its choice of `DiscountedCounts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.table.backoff import BackoffTable

Form = Literal["interpolated", "backoff"]


@dataclass(frozen=True)
class DiscountedCounts:
    """The counts of one order, divided between the n-grams and the lower order.

    `kept` [n-grams], k(h w) ≥ 0: what each n-gram keeps of its count. `left` float64 [contexts], l(h) ≥ 0:
    what each context, an (n−1)-gram, leaves to the lower order. An n-gram that keeps 0 counts as unseen.
    """

    kept: np.ndarray
    left: np.ndarray


def discount_counts(
    ngrams: OrderCounts, counted: np.ndarray, discounts: tuple[float, float, float]
) -> DiscountedCounts:
    """Take D₁ from every count of 1, D₂ from 2 and D₃₊ from 3 and more; leave the sum to the lower order.

    `counted` [n-grams] holds the counts of `ngrams`, or the continuation counts that replace them.
    """
    taken = np.array([0.0, *discounts])[np.minimum(counted, 3)]
    return DiscountedCounts(counted - taken, ngrams.sums_by_context(taken))


def combine_orders(counts: list[OrderCounts], orders: Iterable[DiscountedCounts], form: Form) -> BackoffTable:
    """Chen & Goodman 1998, sec. 2.8. With t(h) = Σ_w k(h w) + l(h), and h' the context h less its first word,

        interpolated:  p(w | h) = k(h w) / t(h) + l(h) / t(h) · p(w | h');
        backoff:       p(w | h) = k(h w) / t(h)  if k(h w) > 0,  b(h) p(w | h')  if not,
                       b(h) = l(h) / t(h) / (1 − Σ_{w: k(h w) > 0} p(w | h')).

    The recursion ends below order 1 in 1 / V, V the size of the vocabulary. A context with t(h) = 0 gives
    p(w | h'). Where every word was seen after h, backoff has no word to give l(h) to; it is then
    interpolated (as SRILM does with its unigrams), so that both forms always sum to one.
    """
    lower = np.array([1 / counts[0].words])
    log_probs, log_backoffs = [], []
    for ngrams, order in zip(counts, orders, strict=True):
        total = ngrams.sums_by_context(order.kept) + order.left
        counted = total > 0
        share = np.divide(order.left, total, where=counted, out=np.ones(len(total)))
        total[~counted] = 1  # only zeros are divided by it
        own, below = order.kept / total[ngrams.contexts], lower[ngrams.suffix]
        match form:
            case "interpolated":
                weight, lower = share, own + share[ngrams.contexts] * below
            case "backoff":
                weight, lower = _backed_off(ngrams, own, below, share)
            case _:
                assert_never(form)
        with np.errstate(divide="ignore"):  # relative frequencies contain zeros
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
    all_seen = ngrams.sums_by_context(seen) == ngrams.words
    # unseen words have some probability: rounding of the sum must not turn it into 0 or less
    unseen = np.maximum(1 - ngrams.sums_by_context(below * seen), np.finfo(np.float64).eps)
    weight = np.where(all_seen, share, share / unseen)
    interpolated = own + np.where(all_seen, share, 0.0)[ngrams.contexts] * below
    return weight, np.where(seen, interpolated, weight[ngrams.contexts] * below)
