"""Relative frequencies, without any smoothing."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.forms import Kept, contexts_of_order, smooth
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Context, RunLog


class MaximumLikelihood(BackoffModel):
    """p(w | h) = c(h w) / Σ_v c(h v), h the last n − 1 tokens of the history.

    Chen & Goodman 1998, sec. 1.1; Manning & Schütze 1999, sec. 6.2.1. A word never seen after a context
    that was seen has probability 0, which makes the perplexity infinite.

    The estimate is undefined (0 / 0) for a context that was never seen. There h is the longest suffix of it
    that was, as Chen & Goodman (sec. 4.1) do in additive smoothing, so that every context has a
    distribution; `nltk.lm.MLE` gives every word 0. Without training text every word has 1 / V. At the
    beginning of a sentence h begins with `<s>` and may be shorter, as if padded on the left by more.
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 2,
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, context=context)

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        kept = (
            Kept(ngrams.counts.astype(np.float64), np.zeros(contexts_of_order(counts, n)))
            for n, ngrams in enumerate(counts, 1)
        )
        return smooth(counts, kept, "interpolated")
