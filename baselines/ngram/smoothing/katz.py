"""Katz backoff with Good-Turing discounts."""

from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, ClassVar

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.combine_orders import DiscountedCounts, combine_orders
from baselines.ngram.estimation.kept import Cut
from baselines.ngram.model import BackoffModel, Order
from baselines.ngram.sorting.room import IN_MEMORY
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Bounds, RunLog
from benchmark.errors import UserError

_NOTHING = 1e-9  # a count that rounding may leave


@dataclass(kw_only=True, eq=False)
class Katz(BackoffModel):
    """Katz 1987: what Good-Turing takes from seen n-grams goes to unseen ones, shared by the lower order.

        p(w | h) = d(c(h w)) c(h w) / c(h)   if c(h w) reaches the minimum of its order,
                 = b(h) p(w | h')            if not,

    h' the context h without its first word. The ratios d are Katz's eq. 4 (see `discount_ratios`); counts
    above `threshold` (his k) are trusted, d = 1. `minimum_counts` has one value for each order, the last for
    all longer n-grams. n-grams below it count in c(h) and in the ratios, but are left to the lower order,
    like those below `-gtNmin` of SRILM's `ngram-count`.

    Two cases that the definition does not cover: if nothing is taken after h because all counts are above
    the threshold, c(h) is raised by one for the unseen words (as in SRILM and the CMU toolkit, which credit
    Doug Paul); if the counts of counts of an order allow no ratios, its threshold is lowered, and the log
    says so. `combine_orders` defines b(h), the end of the recursion in 1 / V, and unseen contexts.

    After `fit`, `ratios` [order][count] holds d of the counts from 0 to the threshold that was used.
    """

    version: ClassVar[int] = 1

    order: Order = 3
    threshold: Annotated[int, Bounds(ge=0)] = 5
    minimum_counts: Annotated[tuple[Annotated[int, Bounds(ge=1)], ...], Bounds(min_length=1)] = (1,)

    ratios: list[list[float]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        if tuple(sorted(self.minimum_counts)) != self.minimum_counts:
            raise UserError(
                f"model.minimum_counts={list(self.minimum_counts)} is not usable: an n-gram is kept only "
                "together with the shorter ones in it, so no value may be below the one before"
            )

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        self.ratios = []
        for n, ngrams in enumerate(counts, 1):
            ratios = discount_ratios(ngrams.counts, self.threshold)
            if len(ratios) <= self.threshold:
                log.info(
                    f"order {n}: the counts of counts allow no Good-Turing discounts up to {self.threshold}; "
                    + (f"took those up to {len(ratios) - 1}" if len(ratios) > 1 else "took none")
                )
            self.ratios.append(ratios.tolist())
        minima = [self.minimum_counts[min(n, len(self.minimum_counts) - 1)] for n in range(self.order)]
        kept = (
            partial(good_turing, ratios=np.array(ratios), minimum=minimum)
            for ratios, minimum in zip(self.ratios, minima, strict=True)
        )
        # every word is listed, and `<s>`
        rare = Cut([0, *(minimum - 1 for minimum in minima[1:])], np.ones(len(counts[0]), dtype=np.bool_))
        return combine_orders(counts, kept, "backoff", rare if max(minima) > 1 else None)


def discount_ratios(counts: np.ndarray, threshold: int) -> np.ndarray:
    """d(r) for r = 0 … k: float64 [k + 1], k the largest value up to `threshold` that is possible, or 0.

    With n_r the number of n-grams counted r times, r* = (r + 1) n_{r+1} / n_r (Good 1953, eq. 2') and
    A = (k + 1) n_{k+1} / n₁,

        d(r) = (r* / r − A) / (1 − A),  1 ≤ r ≤ k  (Katz 1987, eq. 4; Chen & Goodman 1998, eq. 11),

    so that what is taken, Σ n_r (1 − d(r)) r, is n₁. A k is possible if its ratios are all in (0, 1]; for
    k = 1 the formula always gives 0. `counts` [n-grams] may be in any order.
    """
    seen = np.zeros(threshold + 3)
    for some in IN_MEMORY.blocks(counts):
        seen += np.bincount(np.minimum(counts[some], threshold + 2), minlength=threshold + 3)
    for k in range(threshold, 1, -1):
        if not seen[1 : k + 2].all():
            continue
        r = np.arange(1, k + 1)
        common = (k + 1) * seen[k + 1] / seen[1]
        if common >= 1:
            continue
        ratios = ((r + 1) * seen[2 : k + 2] / (r * seen[1 : k + 1]) - common) / (1 - common)
        if ratios.min() > 0 and ratios.max() <= 1:
            return np.concatenate([[0.0], ratios])
    return np.zeros(1)


def good_turing(ngrams: OrderCounts, ratios: np.ndarray, minimum: int) -> DiscountedCounts:
    """Keep d(c) c of the n-grams that reach the minimum count; leave the rest of c(h), at least one."""
    ratio = np.append(ratios, 1.0)[np.minimum(ngrams.counts, len(ratios))]
    kept = np.where(ngrams.counts >= minimum, ratio * ngrams.counts, 0.0)
    left = ngrams.sums_by_context(ngrams.counts - kept)
    followed = ngrams.sums_by_context(ngrams.counts) > 0
    return DiscountedCounts(kept, np.where(followed & (left < _NOTHING), 1.0, left))
