"""Witten-Bell smoothing."""

from dataclasses import dataclass
from typing import ClassVar

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.combine_orders import DiscountedCounts, Form, combine_orders
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import RunLog


@dataclass(kw_only=True, eq=False)
class WittenBell(BackoffModel):
    """A context backs off as often as it was followed by a word that was new to it.

    Witten & Bell 1991, method C; Chen & Goodman 1998, sec. 2.5 (interpolated) and 4.1 (backoff). With
    c(h) = Σ_w c(h w) and N₁₊(h •) the number of distinct words seen after h,

        interpolated:  p(w | h) = (c(h w) + N₁₊(h •) p(w | h')) / (c(h) + N₁₊(h •));
        backoff:       p(w | h) = c(h w) / (c(h) + N₁₊(h •))  if c(h w) > 0,  b(h) p(w | h')  if not.

    `combine_orders` defines b(h), the end of the recursion in 1 / V, and unseen contexts.
    """

    version: ClassVar[int] = 1

    form: Form = "interpolated"

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        return combine_orders(counts, [_new_words] * len(counts), self.form)


def _new_words(ngrams: OrderCounts) -> DiscountedCounts:
    """Keep all counts; leave N₁₊(h •)."""
    return DiscountedCounts(ngrams.counts, ngrams.sums_by_context(ngrams.counts > 0))
