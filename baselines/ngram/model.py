"""The base classes of n-gram models: one that scores a stored table, one that estimates it from counts."""

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import Field

from baselines.ngram.arpa.write import write_arpa
from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import recent, scoring_sequence, training_sequence
from baselines.ngram.table.backoff import BackoffTable
from baselines.saving import learned_by, restore_learned, saved_settings, unfitted
from benchmark.contract import Computation, Context, LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary

#: n of an n-gram model: it predicts a word from the n − 1 words before it.
Order = Annotated[int, Field(ge=1, le=10)]

_SETTINGS = "model.json"


class TableModel(LanguageModel):
    """A model whose probabilities are stored in a `BackoffTable`, wherever they come from.

    A subclass is a dataclass (see `baselines.saving`: fields are settings, fields with `init=False` are
    learned), and its `fit` sets `table` and `vocabulary`. Scoring, size, saving, loading and ARPA export
    are given.
    """

    family = "count"
    trained_on = scored_on = Computation(dtype="float64")
    table: BackoffTable
    vocabulary: Vocabulary

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        sequence, is_target = scoring_sequence(stream.ids, self.vocabulary, self.context)
        return self.table.score(sequence)[is_target]

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        longest = self.table.order - 1
        return self.table.rows([recent(ids, self.vocabulary, self.context, longest) for ids in contexts])

    def size(self) -> ModelSize:
        return ModelSize(bytes_in_memory=self.table.nbytes, entries=self.table.entries)

    def write_arpa(self, path: Path) -> None:
        """Write the table as an ARPA file, compressed by gzip if the path ends in `.gz`."""
        write_arpa(self.table, self.vocabulary.tokens, path)

    def save(self, folder: Path) -> None:
        """Write the table as `.npy` arrays, settings and learned fields as JSON."""
        self.table.save(folder)
        text = json.dumps({"settings": saved_settings(self), "learned": learned_by(self)}, indent=2)
        (folder / _SETTINGS).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        saved = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        model = unfitted(cls, saved["settings"])
        restore_learned(model, saved["learned"])
        model.table, model.vocabulary = BackoffTable.load(folder, len(vocabulary)), vocabulary
        return model


@dataclass(kw_only=True, eq=False)
class BackoffModel(TableModel):
    """A model that is estimated from the counts of the training n-grams. Subclasses implement `estimate`."""

    order: Order = 5
    context: Context = "sentence"

    @abstractmethod
    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        """The smoothed model of these counts, orders 1 to `order`."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count the n-grams of all orders, then estimate. `valid` is not read."""
        targets = len(train)

        def progress(done: int) -> None:
            log.progress(min(done, targets) * self.order // (self.order + 1), targets)  # estimating is a step

        sequence = training_sequence(train.ids, train.vocabulary, self.context)
        counts = count_ngrams(sequence, len(train.vocabulary), self.order, progress)
        self.table, self.vocabulary = self.estimate(counts, log), train.vocabulary
        log.progress(targets, targets)
