"""Relative frequencies, without any smoothing."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.combine_orders import DiscountedCounts, combine_orders
from baselines.ngram.model import BackoffModel, Order
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import RunLog


@dataclass(kw_only=True, eq=False)
class MaximumLikelihood(BackoffModel):
    """p(w | h) = c(h w) / Σ_v c(h v), h the last n − 1 tokens of the history.

    Chen & Goodman 1998, sec. 1.1; Manning & Schütze 1999, sec. 6.2.1. A word never seen after a context
    that was seen has probability 0, which makes the perplexity infinite.

    The estimate is undefined (0 / 0) for a context that was never seen. There h is its longest suffix that
    was seen, as in the additive smoothing of Chen & Goodman (sec. 4.1), so that every context has a
    distribution; `nltk.lm.MLE` gives every word 0. Without training text every word has 1 / V. At the
    beginning of a sentence h begins with `<s>` and may be shorter than n − 1 tokens.
    """

    version: ClassVar[int] = 1

    order: Order = 2

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        return combine_orders(counts, [_all_kept] * len(counts), "interpolated")


def _all_kept(ngrams: OrderCounts) -> DiscountedCounts:
    return DiscountedCounts(ngrams.counts, np.zeros(ngrams.context_count))
