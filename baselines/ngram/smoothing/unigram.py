"""The unigram model: relative frequencies, no history."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import RunLog


class Unigram(BackoffModel):
    """p(w) = c(w) / Σ_v c(v), with c(w) the count in training, but 1 for a word not seen there.

    The maximum-likelihood estimate (Manning & Schütze 1999, sec. 6.2.1) wherever training shows
    every word of the vocabulary, as a vocabulary taken from training does; elsewhere no probability is 0.
    """

    version: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__(order=1)

    def settings(self) -> dict[str, Any]:
        return {}

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        unigrams = counts[0]
        seen = np.maximum(unigrams.counts[: unigrams.words], 1)
        return BackoffTable.of(counts, [np.log(seen / seen.sum())], [])
