"""A baseline from nothing: every method of the contract, written out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import Field

from benchmark.contract import LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary


class SmoothedUnigram(LanguageModel):
    """p(w) = (c(w) + k) / (N + k V), c(w) the count of w, N the text's tokens, V the vocabulary's size."""

    family = "count"

    def __init__(self, *, k: Annotated[float, Field(gt=0)] = 1.0) -> None:
        self.k = k

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        counts = np.bincount(train.ids, minlength=len(train.vocabulary)) + self.k
        self.table = np.log(counts / counts.sum()).astype(np.float32)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return self.table[stream.ids]

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        return np.tile(self.table, (len(contexts), 1))

    def size(self) -> ModelSize:
        return ModelSize(bytes_in_memory=self.table.nbytes, entries=len(self.table))

    def save(self, folder: Path) -> None:
        np.save(folder / "table.npy", self.table, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        model = cls()
        model.table = np.load(folder / "table.npy", allow_pickle=False)
        return model
