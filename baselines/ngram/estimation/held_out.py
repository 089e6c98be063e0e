"""What training counts say about each target of a held-out text, for settings chosen by its likelihood."""

from __future__ import annotations

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.counting.history import scoring_sequence
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Context, TokenStream
from benchmark.errors import UserError


class HeldOut:
    """A text that the counts were not taken from. Raises UserError where it is empty."""

    def __init__(self, stream: TokenStream, context: Context) -> None:
        if not len(stream):
            raise UserError("the validation text is empty, and this model chooses its settings by it")
        self._sequence, self._is_target = scoring_sequence(stream.ids, stream.vocabulary, context)

    def look_up(
        self, counts: list[OrderCounts], of_ngrams: list[np.ndarray], of_contexts: list[np.ndarray]
    ) -> np.ndarray:
        """A value for each target: float32 [targets].

        `of_ngrams` [order] has a value for each n-gram of an order, `of_contexts` [order − 1] one for each
        below the highest order. A target takes the value of the longest n-gram counted that ends in it,
        plus those of the longer contexts that were counted without the target behind them: what a backoff
        table adds up need not be logarithms.
        """
        return BackoffTable.of(counts, of_ngrams, of_contexts).score(self._sequence)[self._is_target]

    def of_highest_order(
        self, counts: list[OrderCounts], of_ngrams: np.ndarray, of_contexts: np.ndarray
    ) -> np.ndarray:
        """A value for each target by the highest order in `counts` alone: float32 [targets].

        That of its n-gram; where that was not counted, of its context; where neither was, 0.
        """
        below = [np.zeros(len(ngrams)) for ngrams in counts[:-1]]
        return self.look_up(counts, [*below, of_ngrams], [*below[:-1], of_contexts] if below else [])
