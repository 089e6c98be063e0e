"""The unigram model: relative frequencies, no history."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from baselines.ngram.counting.counts import count_ngrams
from baselines.ngram.counting.history import training_sequence
from baselines.ngram.model import TableModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import RunLog, TokenStream


@dataclass(kw_only=True, eq=False)
class Unigram(TableModel):
    """p(w) = c(w) / Σ_v c(v), with c(w) the count in training, but 1 for a word not seen there.

    This is the maximum-likelihood estimate (Manning & Schütze 1999, sec. 6.2.1) if every word of the
    vocabulary occurs in training, as in a vocabulary taken from it. Otherwise no probability is 0.
    """

    version: ClassVar[int] = 1

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count the words of `train`. `valid` is not read."""
        self.vocabulary = train.vocabulary
        sequence = training_sequence(train.ids, train.vocabulary, self.context)
        counts = count_ngrams(sequence, len(train.vocabulary), 1)
        seen = np.maximum(counts[0].counts[: len(train.vocabulary)], 1)
        self.table = BackoffTable.of(counts, [np.log(seen / seen.sum())], [])
        log.progress(len(train), len(train))

    def fixed_row(self) -> np.ndarray:
        """See `baselines.mixture.weighted_rows.ChangesColumns`: the only row."""
        return np.asarray(self.table.log_probs[0])

    def changed_columns(
        self, stream: TokenStream, places: np.ndarray, rows: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """See `ChangesColumns`: none."""
        for first in range(0, len(places), rows):
            none = np.empty((len(places[first : first + rows]), 0), dtype=np.float32)
            yield np.empty(0, dtype=np.int64), none
