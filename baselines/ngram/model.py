"""What the counted models share: fit by counting, score by a backoff table, save as arrays and JSON."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from baselines.ngram.arpa.write import write_arpa
from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import recent, scoring_sequence, training_sequence
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Computation, Context, LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary

_SETTINGS = "model.json"


class BackoffModel(LanguageModel):
    """A language model that a method of estimation turns from counts into a `BackoffTable`.

    A subclass implements `estimate`, extends `settings` by its own constructor arguments, and lists in
    `learned` the attributes set by `estimate` that `save` keeps beside the table (plain JSON values).
    """

    family: ClassVar[Literal["count"]] = "count"
    trained_on = scored_on = Computation(dtype="float64")
    learned: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, order: int, context: Context = "sentence") -> None:
        self.order = order
        self.context = context

    @abstractmethod
    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        """The model of these counts, orders 1 to `self.order`."""

    def settings(self) -> dict[str, Any]:
        """The constructor arguments that make an equal, unfitted model."""
        return {"order": self.order, "context": self.context}

    @classmethod
    def made_with(cls, settings: Mapping[str, Any]) -> Self:
        """The unfitted model with these `settings`."""
        return cls(**settings)

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count n-grams of all orders, then estimate. `valid` is not looked at."""
        targets = len(train)

        def progress(done: int) -> None:
            log.progress(min(done, targets) * self.order // (self.order + 1), targets)  # estimating is a step

        sequence = training_sequence(train.ids, train.vocabulary, self.context)
        counts = count_ngrams(sequence, len(train.vocabulary), self.order, progress)
        self._set(self.estimate(counts, log), train.vocabulary)
        log.progress(targets, targets)

    def _set(self, table: BackoffTable, vocabulary: Vocabulary) -> None:
        self.table = table
        self.vocabulary = vocabulary

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        """ln p of each id of `stream` given those before it: float32 [targets]."""
        sequence, is_target = scoring_sequence(stream.ids, self.vocabulary, self.context)
        return self.table.score(sequence)[is_target]

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        """ln p of every word after each context: float32 [contexts, vocabulary]."""
        longest = self.order - 1
        return self.table.rows([recent(ids, self.vocabulary, self.context, longest) for ids in contexts])

    def size(self) -> ModelSize:
        return ModelSize(bytes_in_memory=self.table.nbytes, entries=self.table.entries)

    def write_arpa(self, path: Path) -> None:
        """Write the table as an ARPA file, packed by gzip if the path ends in `.gz`."""
        write_arpa(self.table, self.vocabulary.tokens, path)

    def save(self, folder: Path) -> None:
        """Write the table as `.npy` arrays, settings and learned attributes as JSON."""
        self.table.save(folder)
        learned = {name: getattr(self, name) for name in self.learned}
        text = json.dumps({"settings": self.settings(), "learned": learned}, indent=2)
        (folder / _SETTINGS).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """The model that `save` wrote."""
        saved = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        model = cls.made_with(saved["settings"])
        for name in cls.learned:
            setattr(model, name, saved["learned"][name])
        model._set(BackoffTable.load(folder, len(vocabulary), model.order), vocabulary)
        return model
