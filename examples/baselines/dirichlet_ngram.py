"""An n-gram model that reuses counting: `BackoffModel` counts, scores, saves and loads."""

import numpy as np

from baselines.ngram.estimation.forms import Kept, contexts_of_order, smooth
from baselines.ngram.model import BackoffModel


class DirichletNgram(BackoffModel):
    """p(w | h) = (c(h w) + a p(w | h')) / (c(h) + a), h' the history h without its first word."""

    def __init__(self, *, a: float = 50.0, order: int = 3, context: str = "sentence") -> None:
        super().__init__(order=order, context=context)
        self.a = a

    def settings(self):
        return {**super().settings(), "a": self.a}

    def estimate(self, counts, log):
        left = [np.full(contexts_of_order(counts, n), self.a) for n in range(1, self.order + 1)]
        kept = [Kept(seen.counts.astype(float), a) for seen, a in zip(counts, left, strict=True)]
        return smooth(counts, kept, "interpolated")
