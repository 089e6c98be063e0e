"""The uniform distribution: the model that knows nothing but the vocabulary."""

from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from benchmark.contract import Computation, LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary


class Uniform(LanguageModel):
    """p(w | h) = 1 / V. Its perplexity is the size of the vocabulary, V."""

    version: ClassVar[int] = 1
    family = "count"
    trained_on = scored_on = Computation(dtype="float64")

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Nothing but the size of the vocabulary is learned."""
        self.words = len(train.vocabulary)
        log.progress(len(train), len(train))

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return np.full(len(stream), -log(self.words), dtype=np.float32)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        return np.full((len(contexts), self.words), -log(self.words), dtype=np.float32)

    def size(self) -> ModelSize:
        return ModelSize(bytes_in_memory=0, entries=0)

    def save(self, folder: Path) -> None:
        """Nothing to write: the vocabulary is all it needs."""

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        model = cls()
        model.words = len(vocabulary)
        return model
