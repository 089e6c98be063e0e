"""Interpolation and backoff: from discounted counts of each order to a model.

Input: the n-grams of every order, and for each order, from 1 up, its `DiscountedCounts`, or what makes them
of a part of its n-grams: only then does it keep to the memory that there is. Arrays follow the n-grams of
`OrderCounts`: ascending by context, then by last word.

Output: a `BackoffTable` of the same n-grams in the same order.

A smoothing method is then only its choice of `DiscountedCounts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.by_context import parts
from baselines.ngram.estimation.kept import Cut, only, only_ngrams
from baselines.ngram.estimation.memory import room_beside
from baselines.ngram.sorting.room import Room
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


#: Divides the counts of some n-grams, which are all those of their contexts.
Discounting = Callable[[OrderCounts], DiscountedCounts]


def discounting(discounts: tuple[float, float, float]) -> Discounting:
    """Take D₁ from every count of 1, D₂ from 2 and D₃₊ from 3 and more; leave the sum to the lower order."""
    by_count = np.array([0.0, *discounts])

    def discounted(ngrams: OrderCounts) -> DiscountedCounts:
        taken = by_count[np.minimum(ngrams.counts, 3)]
        return DiscountedCounts(ngrams.counts - taken, ngrams.sums_by_context(taken))

    return discounted


def combine_orders(
    counts: list[OrderCounts],
    orders: Iterable[DiscountedCounts | Discounting],
    form: Form,
    cut: Cut | None = None,
) -> BackoffTable:
    """Chen & Goodman 1998, sec. 2.8. With t(h) = Σ_w k(h w) + l(h), and h' the context h less its first word,

        interpolated:  p(w | h) = k(h w) / t(h) + l(h) / t(h) · p(w | h');
        backoff:       p(w | h) = k(h w) / t(h)  if k(h w) > 0,  b(h) p(w | h')  if not,
                       b(h) = l(h) / t(h) / (1 − Σ_{w: k(h w) > 0} p(w | h')).

    The recursion ends below order 1 in 1 / V, V the size of the vocabulary. A context with t(h) = 0 gives
    p(w | h'). Where every word was seen after h, backoff has no word to give l(h) to; it is then
    interpolated (as SRILM does with its unigrams), so that both forms always sum to one.

    `cut`: n-grams that the table does not list, which keep nothing.
    """
    room = room_beside(counts, None, pruned=cut is not None, wide=True)
    lower = np.array([1 / counts[0].words])
    log_probs, log_backoffs = [], []
    for ngrams, order in zip(counts, orders, strict=True):
        lower, of_ngrams, of_contexts = _combined(ngrams, order, lower, form, room)
        log_probs.append(of_ngrams)
        log_backoffs.append(of_contexts)
    del log_backoffs[0], lower
    if cut:
        masks = cut.kept(counts, room)
        counts = only_ngrams(counts, masks, room)
        for arrays in (log_probs, log_backoffs):
            arrays[:] = (only(each, mask, room) for each, mask in zip(arrays, masks, strict=False))
    return BackoffTable.of(counts, log_probs, log_backoffs, room)


def _combined(
    ngrams: OrderCounts, order: DiscountedCounts | Discounting, lower: np.ndarray, form: Form, room: Room
) -> tuple[np.ndarray, ...]:
    """p of the n-grams, float64; its logarithm and that of the weights of the contexts, float32.

    `lower` float64: p of the (n−1)-grams. A context that nothing follows has weight 1.
    """
    below = room.lookup(lower, ngrams.suffix)
    probs = room.zeros(len(ngrams), np.float64)
    log_probs, log_weights = (room.zeros(each, np.float32) for each in (len(ngrams), ngrams.context_count))
    for some, contexts, part in parts(ngrams, probs, log_probs, log_weights):
        if isinstance(order, DiscountedCounts):
            discounted = DiscountedCounts(order.kept[some], order.left[contexts])
        else:
            discounted = order(part)
        weight, probs[some] = _mixed(part, discounted, below(some), form)
        with np.errstate(divide="ignore"):  # relative frequencies contain zeros
            log_probs[some], log_weights[contexts] = np.log(probs[some]), np.log(weight)
    return probs, log_probs, log_weights


def _mixed(
    ngrams: OrderCounts, order: DiscountedCounts, below: np.ndarray, form: Form
) -> tuple[np.ndarray, np.ndarray]:
    """The weight of each context and p(w | h) of each n-gram. `below`: p(w | h') of each n-gram."""
    total = ngrams.sums_by_context(order.kept) + order.left
    counted = total > 0
    share = np.divide(order.left, total, where=counted, out=np.ones(len(total)))
    total[~counted] = 1  # only zeros are divided by it
    own = order.kept / total[ngrams.contexts]
    match form:
        case "interpolated":
            return share, own + share[ngrams.contexts] * below
        case "backoff":
            return _backed_off(ngrams, own, below, share)
        case _:
            assert_never(form)


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
