"""Absolute discounting, and the estimate of its discount."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.combine_orders import Form, combine_orders, discounting
from baselines.ngram.estimation.discounts import counts_of_counts
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Bounds, RunLog

#: The discount where the closed form is impossible.
FALLBACK = 0.5


@dataclass(kw_only=True, eq=False)
class AbsoluteDiscounting(BackoffModel):
    """The same discount D, 0 < D < 1, taken from the count of every n-gram of an order.

    Ney, Essen & Kneser 1994; Chen & Goodman 1998, sec. 2.6 (interpolated) and 4.1 (backoff). With
    c(h) = Σ_w c(h w) and N₁₊(h •) the number of distinct words seen after h,

        interpolated:  p(w | h) = max(c(h w) − D, 0) / c(h) + D N₁₊(h •) / c(h) · p(w | h');
        backoff:       p(w | h) = (c(h w) − D) / c(h)  if c(h w) > 0,  b(h) p(w | h')  if not.

    `combine_orders` defines b(h), the end of the recursion in 1 / V, and unseen contexts. D is `discount`
    for every order, or, if that is None, the `single_discounts` of each order.

    After `fit`, `discounts` [order] holds D of each order, and `fallback_orders` the orders where the closed
    form is impossible.
    """

    version: ClassVar[int] = 1

    form: Form = "interpolated"
    discount: Annotated[float, Bounds(gt=0, lt=1)] | None = None

    discounts: list[float] = field(init=False, default_factory=list)
    fallback_orders: list[int] = field(init=False, default_factory=list)

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        if self.discount is None:
            seen = (counts_of_counts(each.counts) for each in counts)
            self.discounts, self.fallback_orders = single_discounts(seen, log)
        else:
            self.discounts = [self.discount] * self.order
        return combine_orders(counts, [discounting((d, d, d)) for d in self.discounts], self.form)


def single_discounts(seen: Iterable[tuple[int, int, int, int]], log: RunLog) -> tuple[list[float], list[int]]:
    """D = n₁ / (n₁ + 2 n₂) of each order, nᵢ the number of n-grams with count i; and the fallback orders.

    The leaving-one-out estimate of Ney, Essen & Kneser 1994 (Chen & Goodman 1998, sec. 2.6). If n₁ or n₂
    is 0 it would take nothing, or all of a count of 1. Then D is 0.5, and the log says so.

    `seen` holds n₁ … n₄ of each order, from 1 up.
    """
    discounts, fallback_orders = [], []
    for n, (n1, n2, *_) in enumerate(seen, 1):
        if not (n1 and n2):
            fallback_orders.append(n)
            log.info(f"order {n}: no discount from n1, n2 = {n1}, {n2}; took {FALLBACK}")
        discounts.append(n1 / (n1 + 2 * n2) if n1 and n2 else FALLBACK)
    return discounts, fallback_orders
