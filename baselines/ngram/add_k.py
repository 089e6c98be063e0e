"""Add-k smoothing: Lidstone's law, and Laplace's for k = 1."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from baselines.ngram.backoff import BackoffTable
from baselines.ngram.counts import OrderCounts, sums_by_context
from baselines.ngram.model import BackoffModel
from benchmark.contract import Context, RunLog


class AddK(BackoffModel):
    """p(w | h) = (c(h w) + k) / (c(h) + k V), h the last n − 1 tokens of the history.

    Lidstone 1920; Chen & Goodman 1998, sec. 2.1. V is the size of the vocabulary and c(h) = Σ_w c(h w), so
    that a context never seen gives 1 / V. At the beginning of a sentence h begins with `<s>` and may be
    shorter, as if padded on the left by more of them.
    """

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 2,
        k: Annotated[float, Field(gt=0)] = 0.01,
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, context=context)
        self.k = k

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "k": self.k}

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        """As a backoff table over the uniform distribution: b(h) = k V / (c(h) + k V).

        Contexts shorter than n − 1 that do not begin with `<s>` are stored only to reach the longer
        ones: their probabilities are uniform and their weights 1.
        """
        words = counts[0].words
        log_probs, log_backoffs = [], []
        for n, ngrams in enumerate(counts, 1):
            contexts, first_context = (len(counts[n - 2]), counts[n - 2].starts) if n > 1 else (1, 0)
            whole = n == self.order  # else only what begins with `<s>` is a whole context
            smoothed = sums_by_context(ngrams, ngrams.counts, contexts) + self.k * words

            log_prob = np.full(len(ngrams), -np.log(words))
            counted = slice(0 if whole else ngrams.starts, None)
            log_prob[counted] = np.log((ngrams.counts[counted] + self.k) / smoothed[ngrams.contexts[counted]])
            log_probs.append(log_prob)

            log_backoff = np.zeros(contexts)
            counted = slice(0 if whole else first_context, None)
            log_backoff[counted] = np.log(self.k * words / smoothed[counted])
            log_backoffs.append(log_backoff)
        return BackoffTable.of(counts, log_probs, log_backoffs[1:])
