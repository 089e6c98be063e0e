"""An honest small model, and three that each break the contract in one planted way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from benchmark.contract import LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary


class Bigram(LanguageModel):
    """Add-one bigram over the whole stream: keeps every rule."""

    family = "count"
    context = "stream"

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        size = len(train.vocabulary)
        counts = np.ones((size + 1, size))
        ids = np.asarray(train.ids, dtype=np.int64)
        np.add.at(counts, (self._before(ids, size, train.vocabulary.end), ids), 1)
        self.table = counts / counts.sum(axis=1, keepdims=True)
        self.end = train.vocabulary.end

    @staticmethod
    def _before(ids: np.ndarray, size: int, end: int | None) -> np.ndarray:
        return np.concatenate([[size if end is None else end], ids[:-1]])

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        ids = np.asarray(stream.ids, dtype=np.int64)
        rows = self._before(ids, self.table.shape[1], self.end)
        return np.log(self.table[rows, ids]).astype(np.float32)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        start = self.table.shape[1] if self.end is None else self.end
        last = [int(context[-1]) if len(context) else start for context in contexts]
        return np.log(self.table[last]).astype(np.float32)

    def size(self) -> ModelSize:
        return ModelSize(bytes_in_memory=self.table.nbytes, entries=self.table.size)

    def save(self, folder: Path) -> None:
        np.save(folder / "table.npy", self.table, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        model = cls()
        model.table = np.load(folder / "table.npy", allow_pickle=False)
        model.end = vocabulary.end
        return model


class Unnormalised(Bigram):
    """Gives every word a tenth more than its share and does not say so."""

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return np.minimum(super().log_probs(stream) + np.float32(np.log(1.1)), 0)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        return np.minimum(super().next_log_probs(contexts) + np.float32(np.log(1.1)), 0)


class Peeking(Bigram):
    """Looks at the token behind the target and raises its own score a little where they fit."""

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        scores = super().log_probs(stream)
        ids = np.asarray(stream.ids, dtype=np.int64)
        following = np.log(self.table[ids[:-1], ids[1:]])
        scores[:-1] = np.minimum(0, scores[:-1] + 0.1 * (following > np.median(following)))
        return scores.astype(np.float32)


class CountingStarts(Bigram):
    """Counts `<s>`, which it always knows, as a target at every line start: a flattering average."""

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return np.insert(super().log_probs(stream), stream.lines[:-1], 0.0)


class Continuing(Bigram):
    """Lets the history run on from line to line where each line is to be a text of its own."""

    def log_probs_by_line(self, stream: TokenStream) -> np.ndarray:
        return self.log_probs(stream)


class Forgetful(Bigram):
    """Saves its table rounded, so that a loaded model is another one."""

    def save(self, folder: Path) -> None:
        np.save(folder / "table.npy", np.round(self.table, 3), allow_pickle=False)


class Pickled(Bigram):
    """Saves and loads a pickle."""

    def save(self, folder: Path) -> None:
        np.save(folder / "table.npy", np.array([self.table, None], dtype=object), allow_pickle=True)
        (folder / "model.pkl").write_bytes(b"\x80\x04N.")


class Wandering(Bigram):
    """Draws from the global random state while it is fitted."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        super().fit(train, valid, log)
        noise = np.random.random(self.table.shape)  # noqa: NPY002
        self.table = (self.table + noise) / (self.table + noise).sum(axis=1, keepdims=True)
