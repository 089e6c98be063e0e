"""Interpolated modified Kneser-Ney smoothing."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.discounts import Discounts, choose_discounts, discounts_of
from baselines.ngram.estimation.interpolate import interpolate
from baselines.ngram.estimation.kenlm_conventions import KenLMConventions, kenlm_closed_form
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Context, RunLog, TokenStream

__all__ = ["Discounts", "KneserNey", "adjusted_counts", "choose_discounts", "interpolate"]


class KneserNey(BackoffModel):
    """Modified Kneser-Ney (Chen & Goodman 1998, sec. 3), as KenLM defines it (Heafield et al. 2013).

    With a(·) the adjusted counts (see `adjusted_counts`) and h' the context h without its first word,

        p(w | h) = (a(h w) − D(a(h w))) / Σ_v a(h v) + γ(h) p(w | h'),
        γ(h) = (D₁ N₁(h) + D₂ N₂(h) + D₃₊ N₃₊(h)) / Σ_v a(h v),

    Nᵢ(h) the number of words v with a(h v) = i, and 1 / V below order 1, V the size of the vocabulary.
    The discounts are the closed form of each order, or where that is impossible 0.5, 1 and 1.5, which
    the log says. `conventions: kenlm` follows `lmplz` where it does otherwise (see `KenLMConventions`);
    its probabilities sum to less than one where `<unk>` is a word of the text.

    After `fit`, `discounts` [order][3] holds D₁, D₂, D₃₊ of each order, and `fallback_orders` the orders
    that took the fixed ones.
    """

    version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ("discounts", "fallback_orders", "normalised")

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 5,
        context: Context = "sentence",
        conventions: Literal["published", "kenlm"] = "published",
    ) -> None:
        super().__init__(order=order, context=context)
        self.conventions = conventions
        self.discounts: list[list[float]] = []
        self.fallback_orders: list[int] = []

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "conventions": self.conventions}

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count n-grams of all orders, then estimate. `valid` is not looked at."""
        if self.conventions == "kenlm":
            self._kenlm = KenLMConventions(train)
            self.normalised = not self._kenlm.beyond  # type: ignore[misc]  # of the class for most models
        super().fit(train, valid, log)

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        adjusted = adjusted_counts(counts)
        uniform = None
        if self.conventions == "kenlm":
            seen = self._kenlm.counts_of_counts(counts, adjusted)
            discounts, self.fallback_orders = discounts_of(seen, log, kenlm_closed_form)
            uniform = self._kenlm.uniform
        else:
            discounts, self.fallback_orders = choose_discounts(adjusted, log)
        self.discounts = [list(each) for each in discounts]
        return interpolate(counts, adjusted, discounts, uniform)
