"""A language model with a fault that is easily made: its network reads the sentence in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import nn

from benchmark.contract import LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary, after_last_end
from benchmark.errors import UserError

#: Sentences of a step, and units of each direction.
_BATCH, _UNITS = 16, 32


class SentenceLm(LanguageModel):
    """Predicts each next word of a sentence from an LSTM's state at the present one.

    With `bidirectional`, the state also holds what the backward direction has read: all words behind the
    present one, among them the one that is to be predicted.
    """

    family = "neural"
    context = "sentence"

    def __init__(self, bidirectional: bool = True, epochs: int = 12):
        self.bidirectional, self.epochs = bidirectional, epochs

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        self._begin(train.vocabulary)
        sentences = self._sentences(np.asarray(train.ids))
        draw = np.random.default_rng(1)
        optimiser = torch.optim.Adam(self._parts.parameters(), lr=0.01)
        for _ in range(self.epochs):
            order = draw.permutation(len(sentences))
            for start in range(0, len(order), _BATCH):
                chosen = [sentences[place] for place in order[start : start + _BATCH]]
                loss = torch.cat([-self._scores(ids) for ids in chosen]).mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        self._parts.eval()

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        with torch.inference_mode():
            scores = [self._scores(ids) for ids in self._sentences(np.asarray(stream.ids))]
        return torch.cat(scores).numpy() if scores else np.empty(0, dtype=np.float32)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        with torch.inference_mode():
            rows = [self._rows(after_last_end(np.asarray(each), self.vocabulary))[-1] for each in contexts]
        return torch.stack(rows).numpy() if rows else np.empty((0, len(self.vocabulary)), dtype=np.float32)

    def size(self) -> ModelSize:
        numbers = sum(each.numel() for each in self._parts.parameters())
        return ModelSize(bytes_in_memory=4 * numbers, parameters=numbers)

    def save(self, folder: Path) -> None:
        from safetensors.torch import save_file

        save_file(self._parts.state_dict(), folder / "weights.safetensors")
        (folder / "both.txt").write_text(str(int(self.bidirectional)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        from safetensors.torch import load_file

        model = cls((folder / "both.txt").read_text(encoding="utf-8") == "1")
        model._begin(vocabulary)
        model._parts.load_state_dict(load_file(folder / "weights.safetensors"))
        model._parts.eval()
        return model

    def _begin(self, vocabulary: Vocabulary) -> None:
        if vocabulary.end is None:
            raise UserError("model: a sentence ends with </s>, which this corpus does not have")
        self.vocabulary = vocabulary
        state = torch.random.get_rng_state()
        torch.manual_seed(1)
        self._parts = nn.ModuleDict(
            {
                "words": nn.Embedding(len(vocabulary), _UNITS),
                "lstm": nn.LSTM(_UNITS, _UNITS, bidirectional=self.bidirectional),
                "output": nn.Linear(_UNITS * (2 if self.bidirectional else 1), len(vocabulary)),
            }
        )
        torch.random.set_rng_state(state)

    def _sentences(self, ids: np.ndarray) -> list[np.ndarray]:
        ends = np.flatnonzero(ids == self.vocabulary.end) + 1
        return [part for part in np.split(ids, ends) if len(part)]

    def _rows(self, read: np.ndarray) -> torch.Tensor:
        """ln p of every token behind `</s>` and each token read: [tokens + 1, vocabulary]."""
        assert self.vocabulary.end is not None
        ids = torch.from_numpy(np.concatenate([[self.vocabulary.end], read]).astype(np.int64))
        states, _ = self._parts["lstm"](self._parts["words"](ids))
        return torch.log_softmax(self._parts["output"](states), dim=-1)

    def _scores(self, ids: np.ndarray) -> torch.Tensor:
        """ln p of each token of a sentence, read all at once up to the last but one."""
        rows = self._rows(ids[:-1])
        return rows[torch.arange(len(ids)), torch.from_numpy(ids.astype(np.int64))]
