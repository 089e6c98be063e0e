"""A recurrent network that reads a text and gives it a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from baselines.devices import device_if_there, pick_device
from baselines.mixture.components import ComponentLog
from baselines.saving import settings_of
from baselines.tasks.batches import by_length
from baselines.tasks.classification.calibration import best_scale, class_numbers, judged, log_softmax
from baselines.tasks.classification.encoder import Cell, Encoder, TextClassifier, TextPredictor
from baselines.tasks.classification.pooling import PoolingKind
from baselines.tasks.networks import load_weights, network_size, save_weights
from baselines.tasks.saved import read_model, reading, write_model
from baselines.tasks.symbols import PADDING, UNKNOWN, Symbols
from baselines.tasks.training import Recipe, train
from benchmark.contract import Bounds, Computation, ModelSize, RunLog
from benchmark.errors import UserError
from benchmark.task.contract import Classifier, Input, Items, inputs_of, labels_of

#: Tokens that a text is cut into pieces of where the network is trained as a language model, so that the
#: scores of all words at all places of a batch fit into memory.
_PIECE = 64
#: Texts that are read side by side in answering.
_BATCH = 128

_TOKENS = "tokens.json"
Share = Annotated[float, Bounds(ge=0, lt=1)]


@dataclass(kw_only=True, eq=False)
class EncoderClassifier(Classifier):
    """p(c | text) = softmax(s · (W · pool(h₁ … h_n) + b)), h the recurrent states over word vectors.

    Words with fewer than `min_count` occurrences in training are unknown. Of a text longer than `first_words`
    + `last_words`, only its beginning and its end are read: opinions tend to stand there. With
    `language_model_epochs` the network is first trained to predict the next word of the same training texts
    (Dai & Le 2015), in each direction, and goes on from there.

    The best epoch, and the scale s (see `calibration`), are those with the least log loss on the validation
    items.
    """

    version: ClassVar[int] = 1
    family = "neural"

    cell: Cell = "lstm"
    pooling: PoolingKind = "max"
    bidirectional: bool = True
    layers: Annotated[int, Bounds(ge=1)] = 1
    embedding_size: Annotated[int, Bounds(ge=1)] = 100
    hidden_size: Annotated[int, Bounds(ge=1)] = 100
    dropout: Share = 0.5
    word_dropout: Share = 0.1
    min_count: Annotated[int, Bounds(ge=1)] = 2
    first_words: Annotated[int, Bounds(ge=0)] = 100
    last_words: Annotated[int, Bounds(ge=0)] = 300
    language_model_epochs: Annotated[int, Bounds(ge=0)] = 0
    training: Recipe = field(default_factory=Recipe)
    seed: Annotated[int, Bounds(ge=0, lt=2**63)] = 1
    device: str = "auto"

    def __post_init__(self) -> None:
        if not self.first_words + self.last_words:
            raise UserError("model.first_words and model.last_words are both 0: nothing would be read")

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        """Train the network. Raises Diverged, and UserError where no validation item can choose."""
        device = pick_device(self.device)
        self.classes = labels_of(train)
        used = [valid[place] for place in judged(valid, self.classes)]
        inputs = inputs_of(train)
        self._tokens = Symbols.of((token for text in inputs for token in text.tokens), self.min_count)
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(self.seed)
            self._network = self._built().to(device)
            before = self._learn_to_predict(self._numbers(inputs), self._numbers(inputs_of(used)), log)
            self._learn_classes(train, used, log, before)
        self.trained_on = Computation(str(device), "float32", self.training.batch)
        self.scored_on = Computation(str(device), "float32", _BATCH)

    def _built(self) -> TextClassifier:
        encoder = Encoder(
            len(self._tokens),
            self.cell,
            self.embedding_size,
            self.hidden_size,
            self.layers,
            self.bidirectional,
            self.dropout,
            self.word_dropout,
        )
        return TextClassifier(encoder, self.pooling, len(self.classes), self.dropout)

    def _learn_to_predict(self, texts: list[list[int]], valid: list[list[int]], log: RunLog) -> int:
        """Train the encoder as a language model, if it is to be. Returns how many tokens that took."""
        if not self.language_model_epochs:
            return 0
        predictor = TextPredictor(self._network.encoder).to(self._device)
        pieces, beside = _pieces(texts), _pieces(valid)
        if not pieces or not beside:
            log.info("no training text, or no validation text, has a word to predict: no language model")
            return 0

        @torch.inference_mode()
        def quality() -> float:
            losses = [
                (predictor(*self._batch(part)).item(), sum(len(piece) - 1 for piece in part))
                for start in range(0, len(beside), _BATCH)
                for part in [beside[start : start + _BATCH]]
            ]
            return -sum(loss * number for loss, number in losses) / sum(number for _, number in losses)

        of_classes = self.training.epochs * sum(map(len, texts))
        own = self.language_model_epochs * sum(map(len, pieces))
        phase = ComponentLog(log, "language model", 0, of_classes / own)
        train(
            predictor,
            [len(piece) for piece in pieces],
            lambda chosen: predictor(*self._batch([pieces[place] for place in chosen])),
            quality,
            replace(self.training, epochs=self.language_model_epochs),
            self.seed,
            phase,
        )
        with log.evaluation():
            log.info(f"as a language model: validation perplexity {np.exp(-quality()):.1f}")
        return phase.done

    def _learn_classes(self, items: Items, valid: Items, log: RunLog, before: int) -> None:
        """Train the classifier, and choose the scale of its scores."""
        texts, own = self._numbers(inputs_of(items)), class_numbers(items, self.classes)
        asked, right = self._numbers(inputs_of(valid)), class_numbers(valid, self.classes)

        def loss(chosen: np.ndarray) -> Tensor:
            scores = self._network(*self._batch([texts[place] for place in chosen]))
            return F.cross_entropy(scores, torch.from_numpy(own[chosen]).to(self._device))

        train(
            self._network,
            [len(text) for text in texts],
            loss,
            lambda: -best_scale(0.0, self._scores(asked), right)[1],
            self.training,
            self.seed,
            log,
            before,
        )
        with log.evaluation():
            self.chosen_scale, lost = best_scale(0.0, self._scores(asked), right)
        log.info(f"scores times {self.chosen_scale:.4g}: validation log loss {lost:.4f}")

    @property
    def _device(self) -> torch.device:
        return self._network.output.weight.device

    def _numbers(self, inputs: Sequence[Input]) -> list[list[int]]:
        """The tokens that are read of each text; of an empty one, an unknown token."""
        first, last = self.first_words, self.last_words
        numbers = []
        for text in inputs:
            tokens = text.tokens
            if len(tokens) > first + last:
                tokens = tokens[:first] + tokens[len(tokens) - last :]
            numbers.append(self._tokens.numbers(tokens) or [UNKNOWN])
        return numbers

    def _batch(self, texts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Tokens int64 [texts, longest] with padding behind them, and lengths int64 [texts]."""
        lengths = [len(text) for text in texts]
        tokens = np.full((len(texts), max(lengths)), PADDING, dtype=np.int64)
        for row, text in zip(tokens, texts, strict=True):
            row[: len(text)] = text
        return torch.from_numpy(tokens).to(self._device), torch.tensor(lengths, device=self._device)

    @torch.inference_mode()
    def _scores(self, texts: list[list[int]]) -> np.ndarray:
        """The scores of the classes: float64 [texts, classes]. Texts of like length are read together."""
        scores = np.empty((len(texts), len(self.classes)))
        for places in by_length([len(text) for text in texts], _BATCH):
            scores[places] = self._network(*self._batch([texts[place] for place in places])).cpu().numpy()
        return scores

    def log_probs(self, inputs: Sequence[Input]) -> np.ndarray:
        """ln p of each class: float64 [inputs, classes]."""
        return log_softmax(self.chosen_scale * self._scores(self._numbers(inputs)))

    def size(self) -> ModelSize:
        """The weights of the network, without those that only its language model had."""
        return network_size(self._network)

    def save(self, folder: Path) -> None:
        """Settings as JSON, words as JSON, weights as safetensors."""
        settings = {**settings_of(self), "training": asdict(self.training)}
        content = {"settings": settings, "classes": self.classes, "scale": self.chosen_scale}
        write_model(folder, content)
        self._tokens.save(folder / _TOKENS)
        save_weights(self._network, folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that `save` wrote. Raises Unreadable."""
        with reading(folder):
            content = read_model(folder)
            settings = content["settings"]
            model = cls(**{**settings, "training": Recipe(**settings["training"])})
            model.classes, model.chosen_scale = tuple(content["classes"]), content["scale"]
            model._tokens = Symbols.load(folder / _TOKENS)
            with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
                model._network = model._built()
            load_weights(model._network, folder)
        device = device_if_there(model.device)
        model._network.to(device).eval()
        model.trained_on = Computation(str(device), "float32", model.training.batch)
        model.scored_on = Computation(str(device), "float32", _BATCH)
        return model


def _pieces(texts: list[list[int]]) -> list[list[int]]:
    """The texts in pieces of at most `_PIECE` tokens; pieces of one token have nothing to predict."""
    parts = [text[start : start + _PIECE] for text in texts for start in range(0, len(text), _PIECE)]
    return [part for part in parts if len(part) > 1]
