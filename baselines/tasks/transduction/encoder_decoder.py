"""Encoder-decoder networks for transduction, with attention or without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

import numpy as np
import torch

from baselines.devices import device_if_there, pick_device
from baselines.tasks.batches import by_length
from baselines.tasks.networks import load_weights, network_size, save_weights
from baselines.tasks.saved import read_model, write_model
from baselines.tasks.symbols import UNKNOWN, Symbols
from baselines.tasks.training import Recipe, train
from baselines.tasks.transduction.attention import AttentionKind
from baselines.tasks.transduction.beam import search
from baselines.tasks.transduction.network import EncoderDecoderNetwork
from benchmark.contract import Bounds, Computation, ModelSize, RunLog
from benchmark.errors import UserError
from benchmark.storage.reading import Unreadable
from benchmark.task.contract import Transducer
from benchmark.task.edits import nearest
from benchmark.task.items import Input, Items, inputs_of

#: Words that are answered together. Those of like length are, so that little is padding.
_BATCH = 256

Answer = TypeVar("Answer")


@dataclass(kw_only=True, eq=False)
class EncoderDecoder(Transducer):
    """An LSTM reads the letters, another writes the phonemes (Sutskever et al. 2014; Yao & Zweig 2015).

    `attention: none` gives the decoder nothing but the encoder's last state; `dot` and `additive` let it
    look at each letter's state (Bahdanau et al. 2015; Luong et al. 2015). See `EncoderDecoderNetwork`.
    Trained with the right phonemes before each (teacher forcing); the weights are those with the fewest
    phoneme errors of greedy decoding on the validation words. Answers are searched for with a beam of
    `beam` outputs.

    A letter never seen in training is passed over. An output with a phoneme never seen has probability 0.
    """

    version: ClassVar[int] = 1
    family = "neural"

    layers: Annotated[int, Bounds(ge=1)] = 1
    embedding_size: Annotated[int, Bounds(ge=1)] = 64
    hidden_size: Annotated[int, Bounds(ge=2)] = 256
    bidirectional: bool = True
    attention: AttentionKind = "dot"
    dropout: Annotated[float, Bounds(ge=0, lt=1)] = 0.1
    beam: Annotated[int, Bounds(ge=1)] = 3
    training: Recipe = field(default_factory=Recipe)
    seed: Annotated[int, Bounds(ge=0, lt=2**63)] = 1
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.bidirectional and self.hidden_size % 2:
            raise UserError(
                f"model.hidden_size={self.hidden_size}: half of the units read backwards, so "
                "give an even number, or model.bidirectional=false"
            )

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        """Train on all pairs; see the class. Raises Diverged where a loss is not finite."""
        device = pick_device(self.device)
        self._letters = Symbols.of(letter for item in train for letter in item.input.tokens)
        self._phonemes = Symbols.of(phoneme for item in train for phoneme in item.target)
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(self.seed)
            self._network = self._untrained().to(device)
            self._train(train, valid, log)
        self.trained_on = Computation(device=str(device), dtype="float32", batch=self.training.batch)
        self.scored_on = Computation(device=str(device), dtype="float32")
        log.info(f"{self.size().parameters:,} parameters")

    def _train(self, items: Items, valid: Items, log: RunLog) -> None:
        words = [self._read(item.input) for item in items]
        outputs = [self._numbers(item.target) for item in items]

        def loss(chosen: np.ndarray) -> torch.Tensor:
            targets = [outputs[number] for number in chosen]
            log_probs = self._network.log_probs([words[number] for number in chosen], targets)
            return -log_probs.sum() / sum(len(each) + 1 for each in targets)

        def quality() -> float:
            answers = self._transduce(inputs_of(valid), 1)
            errors = [nearest(answer, item.right) for answer, item in zip(answers, valid, strict=True)]
            edits, length = np.sum(errors, axis=0) if errors else (0, 1)
            return -float(edits) / max(float(length), 1)

        train(self._network, [len(word) + 1 for word in words], loss, quality, self.training, self.seed, log)

    def transduce(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        return self._transduce(inputs, self.beam)

    def _transduce(self, inputs: Sequence[Input], width: int) -> list[tuple[str, ...]]:
        words = [self._read(each) for each in inputs]

        def answer(some: np.ndarray) -> list[tuple[int, ...]]:
            return search(self._network, [words[number] for number in some], width)

        found = self._by_length(words, answer)
        return [tuple(self._phonemes.names[number + UNKNOWN] for number in each) for each in found]

    def log_prob(self, inputs: Sequence[Input], outputs: Sequence[tuple[str, ...]]) -> np.ndarray:
        words = [self._read(each) for each in inputs]
        targets = [self._numbers(output) for output in outputs]
        possible = [min(target, default=1) > 0 for target in targets]

        def answer(some: np.ndarray) -> list[float]:
            chosen = [targets[number] if possible[number] else [] for number in some]
            values = self._network.log_probs([words[number] for number in some], chosen)
            return values.double().tolist()

        found = np.array(self._by_length(words, answer), dtype=np.float64)
        return np.where(np.array(possible, dtype=bool), found, -np.inf)

    def _by_length(
        self, words: Sequence[Sequence[int]], answer: Callable[[np.ndarray], Sequence[Answer]]
    ) -> list[Answer]:
        """The answer to each word, computed for batches of words of like length."""
        found: dict[int, Answer] = {}
        with torch.inference_mode():
            for some in by_length([len(word) for word in words], _BATCH):
                found |= zip(some.tolist(), answer(some), strict=True)
        return [found[number] for number in range(len(words))]

    def _read(self, word: Input) -> list[int]:
        """The numbers of a word's known letters."""
        return [number for number in self._letters.numbers(word.tokens) if number != UNKNOWN]

    @property
    def input_symbols(self) -> tuple[str, ...]:  # type: ignore[override]
        """The letters of the training words."""
        return self._letters.counted

    def _numbers(self, output: Sequence[str]) -> list[int]:
        """Phonemes from 1 up: 0 is the boundary, and also what stands for one never seen."""
        return [number - UNKNOWN for number in self._phonemes.numbers(output)]

    def _untrained(self) -> EncoderDecoderNetwork:
        return EncoderDecoderNetwork(
            len(self._letters),
            len(self._phonemes) - UNKNOWN,
            layers=self.layers,
            embedding_size=self.embedding_size,
            hidden_size=self.hidden_size,
            bidirectional=self.bidirectional,
            attention=self.attention,
            dropout=self.dropout,
        )

    @property
    def network(self) -> EncoderDecoderNetwork:
        """The trained network."""
        return self._network

    def attention_weights(self, word: Input, output: Sequence[str]) -> np.ndarray:
        """What each step of an output looks at: [phonemes + 1, known letters + 1], the ends included.

        Raises UserError for a model without attention.
        """
        if self.attention == "none":
            raise UserError("model.attention=none: this model has no attention weights")
        with torch.inference_mode():
            weights = self._network.attention_weights(self._read(word), self._numbers(output))
        return weights.cpu().numpy()

    def size(self) -> ModelSize:
        return network_size(self._network)

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors; settings, letters and phonemes as JSON."""
        save_weights(self._network, folder)
        data = {
            "settings": asdict(self),
            "letters": self._letters.names,
            "phonemes": self._phonemes.names,
            "trained_on": asdict(self.trained_on),
        }
        write_model(folder, data)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """See `TaskModel.load`. Raises UserError if a file is missing or damaged."""
        try:
            data = read_model(folder)
            model = cls(**data["settings"] | {"training": Recipe(**data["settings"]["training"])})
            model._restore(data, folder)
        except (OSError, Unreadable, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{folder} holds no whole encoder-decoder model: {error}") from error
        return model

    def _restore(self, data: dict[str, Any], folder: Path) -> None:
        self._letters, self._phonemes = (Symbols(tuple(data[key])) for key in ("letters", "phonemes"))
        device = device_if_there(self.device)
        self._network = self._untrained()
        load_weights(self._network, folder)
        self._network.to(device).eval()
        self.trained_on = Computation(**data["trained_on"])
        self.scored_on = Computation(device=str(device), dtype="float32")
