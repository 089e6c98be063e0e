"""An n-gram model that reuses counting: `BackoffModel` counts, scores, saves and loads."""

from dataclasses import dataclass

import numpy as np

from baselines.ngram.estimation.combine_orders import DiscountedCounts, combine_orders
from baselines.ngram.model import BackoffModel


@dataclass(kw_only=True, eq=False)
class DirichletNgram(BackoffModel):
    """p(w | h) = (c(h w) + a p(w | h')) / (c(h) + a), h' the history h without its first word."""

    a: float = 50.0

    def estimate(self, counts, log):
        def split(ngrams):
            return DiscountedCounts(ngrams.counts, np.full(ngrams.context_count, self.a))

        return combine_orders(counts, [split] * len(counts), "interpolated")
