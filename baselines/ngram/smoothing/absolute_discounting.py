"""Absolute discounting, and the discount it is named for."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.discounts import counts_of_counts
from baselines.ngram.estimation.forms import Form, contexts_of_order, discounted, smooth
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Context, RunLog

#: Taken where the closed form is impossible.
FALLBACK = 0.5


class AbsoluteDiscounting(BackoffModel):
    """The same discount D, 0 < D < 1, taken from the count of every n-gram of an order.

    Ney, Essen & Kneser 1994; Chen & Goodman 1998, sec. 2.6 (interpolated) and 4.1 (backoff). With
    c(h) = Σ_w c(h w) and N₁₊(h •) the number of distinct words seen after h,

        interpolated:  p(w | h) = max(c(h w) − D, 0) / c(h) + D N₁₊(h •) / c(h) · p(w | h');
        backoff:       p(w | h) = (c(h w) − D) / c(h)  if c(h w) > 0,  b(h) p(w | h')  if not.

    b(h), the end of the recursion in 1 / V and contexts never seen: see `forms.smooth`.
    D is `discount` for every order, or where that is None what `single_discounts` finds for each.

    After `fit`, `discounts` [order] holds D of each order, and `fallback_orders` the orders where there
    is no closed form.
    """

    version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ("discounts", "fallback_orders")

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 5,
        form: Form = "interpolated",
        discount: Annotated[float, Field(gt=0, lt=1)] | None = None,
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, context=context)
        self.form = form
        self.discount = discount
        self.discounts: list[float] = []
        self.fallback_orders: list[int] = []

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "form": self.form, "discount": self.discount}

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        if self.discount is None:
            self.discounts, self.fallback_orders = single_discounts([each.counts for each in counts], log)
        else:
            self.discounts = [self.discount] * self.order
        kept = (
            discounted(ngrams, ngrams.counts, (d, d, d), contexts_of_order(counts, n))
            for n, (ngrams, d) in enumerate(zip(counts, self.discounts, strict=True), 1)
        )
        return smooth(counts, kept, self.form)


def single_discounts(counted: list[np.ndarray], log: RunLog) -> tuple[list[float], list[int]]:
    """D = n₁ / (n₁ + 2 n₂) of each order, nᵢ the number of n-grams with count i, and the orders without.

    The leaving-one-out estimate of Ney, Essen & Kneser 1994 (Chen & Goodman 1998, sec. 2.6). Where n₁ or
    n₂ is 0 it would take nothing, or all of a count of 1: there it is 0.5, which the log says.
    """
    discounts, fallback_orders = [], []
    for n, values in enumerate(counted, 1):
        n1, n2, *_ = counts_of_counts(values)
        if not (n1 and n2):
            fallback_orders.append(n)
            log.info(f"order {n}: no discount from n1, n2 = {n1}, {n2}; took {FALLBACK}")
        discounts.append(n1 / (n1 + 2 * n2) if n1 and n2 else FALLBACK)
    return discounts, fallback_orders
