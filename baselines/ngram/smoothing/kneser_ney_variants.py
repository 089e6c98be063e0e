"""Kneser-Ney smoothing other than the modified, interpolated one: backoff, and a single discount."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.forms import contexts_of_order, discounted, smooth
from baselines.ngram.model import BackoffModel
from baselines.ngram.smoothing.absolute_discounting import single_discounts
from baselines.ngram.smoothing.kneser_ney import Discounts, adjusted_counts, choose_discounts, interpolate
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Context, RunLog


class KneserNeySingle(BackoffModel):
    """Interpolated Kneser-Ney with one discount an order (Chen & Goodman 1998, sec. 2.7).

    With a(·) the adjusted counts (see `adjusted_counts`), h' the context h
    without its first word, and N₁₊(h •) the number of words v with a(h v) > 0,

        p(w | h) = max(a(h w) − D, 0) / Σ_v a(h v) + D N₁₊(h •) / Σ_v a(h v) · p(w | h'),

    and 1 / V below order 1. D = n₁ / (n₁ + 2 n₂) over the adjusted counts of each order (Kneser & Ney 1995
    take it from Ney, Essen & Kneser 1994), or 0.5 where that is impossible, which the log says.

    After `fit`, `discounts` [order] holds D of each order, and `fallback_orders` the orders that took 0.5.
    """

    version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ("discounts", "fallback_orders")

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 5,
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, context=context)
        self.discounts: list[float] = []
        self.fallback_orders: list[int] = []

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        adjusted = adjusted_counts(counts)
        self.discounts, self.fallback_orders = single_discounts(adjusted, log)
        return interpolate(counts, adjusted, [(d, d, d) for d in self.discounts])


class KneserNeyBackoff(BackoffModel):
    """Kneser-Ney in the backoff form it was published in (Kneser & Ney 1995).

    With a(·) the adjusted counts (see `adjusted_counts`),

        p(w | h) = (a(h w) − D(a(h w))) / Σ_v a(h v)  if that is above 0,  b(h) p(w | h')  if not.

    The paper leaves the lower order unsmoothed; here every order is smoothed in the same way, as in Chen &
    Goodman 1998, sec. 4.1. `discounts`: `single`, the paper's one discount an order, or `modified`, three
    by count (their `kneser-ney-mod-backoff`; what SRILM's `-kndiscount` does without `-interpolate`).
    b(h), the end of the recursion in 1 / V and contexts never seen: see `forms.smooth`.

    After `fit`, `amounts` [order][3] holds what is taken from counts of 1, of 2, and of 3 and more, and
    `fallback_orders` the orders where the closed form of the discounts is impossible.
    """

    version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ("amounts", "fallback_orders")

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 5,
        discounts: Literal["single", "modified"] = "single",
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, context=context)
        self.discounts = discounts
        self.amounts: list[list[float]] = []
        self.fallback_orders: list[int] = []

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "discounts": self.discounts}

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        adjusted = adjusted_counts(counts)
        amounts: list[Discounts]
        if self.discounts == "modified":
            amounts, self.fallback_orders = choose_discounts(adjusted, log)
        else:
            singles, self.fallback_orders = single_discounts(adjusted, log)
            amounts = [(d, d, d) for d in singles]
        self.amounts = [list(each) for each in amounts]
        kept = (
            discounted(ngrams, counted, taken, contexts_of_order(counts, n))
            for n, (ngrams, counted, taken) in enumerate(zip(counts, adjusted, amounts, strict=True), 1)
        )
        return smooth(counts, kept, "backoff")
