"""Interpolated modified Kneser-Ney smoothing."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from baselines.ngram.backoff import BackoffTable
from baselines.ngram.counts import OrderCounts
from baselines.ngram.discounts import FALLBACK, closed_form, counts_of_counts
from baselines.ngram.interpolate import interpolate
from baselines.ngram.model import BackoffModel
from benchmark.contract import Context, RunLog

__all__ = ["Discounts", "KneserNey", "adjusted_counts", "choose_discounts", "interpolate"]

Discounts = tuple[float, float, float]


class KneserNey(BackoffModel):
    """Modified Kneser-Ney (Chen & Goodman 1998, sec. 3), as KenLM defines it (Heafield et al. 2013).

    With a(·) the adjusted counts (see `adjusted_counts`) and h' the context h without its first word,

        p(w | h) = (a(h w) − D(a(h w))) / Σ_v a(h v) + γ(h) p(w | h'),
        γ(h) = (D₁ N₁(h) + D₂ N₂(h) + D₃₊ N₃₊(h)) / Σ_v a(h v),

    Nᵢ(h) the number of words v with a(h v) = i, and 1 / V below order 1, V the size of the vocabulary.
    The discounts are the closed form of each order, or where that is impossible 0.5, 1 and 1.5, which
    the log says.

    After `fit`, `discounts` [order][3] holds D₁, D₂, D₃₊ of each order, and `fallback_orders` the orders
    that took the fixed ones.
    """

    learned: ClassVar[tuple[str, ...]] = ("discounts", "fallback_orders")

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 5,
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, context=context)
        self.discounts: list[list[float]] = []
        self.fallback_orders: list[int] = []

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        adjusted = adjusted_counts(counts)
        discounts, self.fallback_orders = choose_discounts(adjusted, log)
        self.discounts = [list(each) for each in discounts]
        return interpolate(counts, adjusted, discounts)


def adjusted_counts(counts: list[OrderCounts]) -> list[np.ndarray]:
    """Adjusted counts a(·) of the n-grams of each order: integer arrays beside `counts`.

    At the highest order a is the count. Below, it is the number of distinct words seen to the left of
    the n-gram, N₁₊(• g) (Kneser & Ney 1995), or the count where nothing can stand there: the n-gram
    begins with `<s>`.
    """
    adjusted = []
    for ngrams, longer in pairwise(counts):
        lefts = np.bincount(longer.suffix, minlength=len(ngrams)).astype(np.int32)
        lefts[ngrams.starts :] = ngrams.counts[ngrams.starts :]
        adjusted.append(lefts)
    return [*adjusted, counts[-1].counts]


def choose_discounts(adjusted: list[np.ndarray], log: RunLog) -> tuple[list[Discounts], list[int]]:
    """Discounts of each order, and the orders where the closed form was impossible."""
    discounts, fallback_orders = [], []
    for n, counts in enumerate(adjusted, 1):
        seen = counts_of_counts(counts)
        chosen = closed_form(*seen)
        if chosen is None:
            fallback_orders.append(n)
            log.info(
                f"order {n}: no Kneser-Ney discounts from n1, n2, n3, n4 = {', '.join(map(str, seen))}; "
                f"took {', '.join(map(str, FALLBACK))}"
            )
        discounts.append(chosen or FALLBACK)
    return discounts, fallback_orders
