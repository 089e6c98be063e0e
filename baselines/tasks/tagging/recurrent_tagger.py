"""Recurrent taggers: Elman, GRU and LSTM layers over words, letters and given tags."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
import torch
from torch.nn import functional as F

from baselines.devices import device_if_there, pick_device
from baselines.neural.layers.skip import SkipKind
from baselines.saving import settings_of
from baselines.tasks.batches import by_length
from baselines.tasks.networks import load_weights, network_size, save_weights
from baselines.tasks.saved import read_model, reading, write_model
from baselines.tasks.tagging.network import Batch, Cell, Sizes, TaggingNetwork
from baselines.tasks.tagging.observed import with_tokens
from baselines.tasks.tagging.reading import Alphabet, Sentence, Spellings, side_by_side, unknown_shares
from baselines.tasks.training import Recipe
from baselines.tasks.training import train as train_network
from benchmark.contract import Bounds
from benchmark.errors import UserError
from benchmark.task.contract import (
    Computation,
    Input,
    Items,
    ModelSize,
    RunLog,
    Tagger,
    inputs_of,
    known_tokens,
    labels_of,
)
from benchmark.task.measures import ACCURACY, SPAN_F1, Answered

#: Sentences that are tagged side by side.
_SIDE_BY_SIDE = 64


@dataclass(kw_only=True, eq=False)
class RecurrentTagger(Tagger):
    """Recurrent layers over each token's word, letters and given tag, and a distribution over its tag.

    A token is the concatenation of its word's embedding, a convolution over its letters (`characters`) and
    the embedding of its given tag, where there are any. Above are recurrent layers of `hidden_size` units,
    half of them reading backwards if `bidirectional` (Graves and Schmidhuber 2005; Huang, Xu and Yu 2015),
    with connections around each of them (`skip`: none, residual or dense). The tag's distribution is a
    softmax; with `crf`, that of all tags of a sentence a linear-chain conditional random field (Lample et
    al. 2016). Trained by the likelihood of the right tags; the best epoch is that with the highest accuracy,
    or F1 where tags are BIO tags, on the validation items. On a CPU with a given number of threads `seed`
    alone determines the weights.
    """

    version: ClassVar[int] = 1
    family = "neural"

    cell: Cell = "lstm"
    bidirectional: bool = True
    layers: Annotated[int, Bounds(ge=1)] = 1
    skip: SkipKind = "none"
    hidden_size: Annotated[int, Bounds(ge=2)] = 200
    embedding_size: Annotated[int, Bounds(ge=1)] = 100
    given_size: Annotated[int, Bounds(ge=1)] = 25
    characters: bool = True
    character_size: Annotated[int, Bounds(ge=1)] = 25
    filters: Annotated[int, Bounds(ge=1)] = 100
    filter_width: Annotated[int, Bounds(ge=1)] = 5
    lowercase: bool = True
    unknown: Annotated[float, Bounds(ge=0)] = 0.5
    dropout: Annotated[float, Bounds(ge=0, lt=1)] = 0.5
    crf: bool = False
    training: Recipe = field(default_factory=Recipe)
    seed: Annotated[int, Bounds(ge=0, lt=2**63)] = 1
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.bidirectional and self.hidden_size % 2:
            raise UserError(
                f"model.hidden_size={self.hidden_size} is odd: half of the units read in each direction"
            )

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        device = pick_device(self.device)
        items = with_tokens(train)
        self._tags = labels_of(items)
        self._alphabet = Alphabet.of(inputs_of(items), lowercase=self.lowercase)
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(self.seed)
            self._open(self._build(), device)
            train_network(
                self._network,
                [len(item.target) for item in items],
                self._loss_of(items),
                self._quality_on(valid, known_tokens(items)),
                self.training,
                self.seed,
                log,
            )
        self.trained_on = Computation(device=str(device), dtype="float32", batch=self.training.batch)

    def _build(self) -> TaggingNetwork:
        alphabet = self._alphabet
        sizes = Sizes(
            words=len(alphabet.words),
            letters=len(alphabet.letters) if self.characters else 0,
            given=len(alphabet.given) if len(alphabet.given) > 2 else 0,
            tags=len(self._tags),
            embedding=self.embedding_size,
            letter_embedding=self.character_size,
            filters=self.filters,
            filter_width=self.filter_width,
            given_embedding=self.given_size,
            hidden=self.hidden_size,
            layers=self.layers,
        )
        return TaggingNetwork(
            sizes,
            cell=self.cell,
            bidirectional=self.bidirectional,
            skip=self.skip,
            dropout=self.dropout,
            crf=self.crf,
        )

    def _open(self, network: TaggingNetwork, device: torch.device) -> None:
        self._network, self._device = network.to(device).eval(), device
        self._spellings = Spellings(self._alphabet.letters)
        self.scored_on = Computation(device=str(device), dtype="float32", batch=_SIDE_BY_SIDE)

    def _loss_of(self, items: Items) -> Callable[[np.ndarray], torch.Tensor]:
        sentences = [self._alphabet.sentence(item.input) for item in items]
        number = {tag: place for place, tag in enumerate(self._tags)}
        targets = [torch.tensor([number[tag] for tag in item.target]) for item in items]
        unknown = unknown_shares(sentences, len(self._alphabet.words), self.unknown)

        def loss(chosen: np.ndarray) -> torch.Tensor:
            batch = side_by_side([sentences[i] for i in chosen], self._spellings, self._device, unknown)
            tags = torch.nn.utils.rnn.pad_sequence([targets[i] for i in chosen], padding_value=-1)
            return self._network_loss(batch, tags.to(self._device))

        return loss

    def _network_loss(self, batch: Batch, tags: torch.Tensor) -> torch.Tensor:
        """−ln p of the right tags, a token."""
        scores = self._network(batch)
        chain = self._network.chain
        if chain is None:
            return F.cross_entropy(scores.flatten(0, 1), tags.flatten(), ignore_index=-1)
        right = chain.score(scores, tags.clamp(min=0), batch.lengths)
        return (chain.log_partition(scores, batch.lengths) - right).sum() / batch.lengths.sum()

    def _quality_on(self, valid: Items, known: frozenset[str]) -> Callable[[], float]:
        measure = SPAN_F1 if all(tag == "O" or tag[:2] in ("B-", "I-") for tag in self._tags) else ACCURACY
        inputs = inputs_of(valid)

        def quality() -> float:
            return measure.value(measure.losses(Answered(valid, self.tag(inputs), known))) or 0.0

        return quality

    def tag(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        answers: list[tuple[str, ...]] = [()] * len(inputs)
        asked = [place for place, each in enumerate(inputs) if each.tokens]
        with torch.inference_mode():
            for batch in by_length([len(inputs[place].tokens) for place in asked], _SIDE_BY_SIDE):
                places = [asked[number] for number in batch]
                found = self._best([self._alphabet.sentence(inputs[place]) for place in places])
                for place, tags in zip(places, found, strict=True):
                    answers[place] = tuple(self._tags[tag] for tag in tags)
        return answers

    def _best(self, sentences: Sequence[Sentence]) -> list[list[int]]:
        batch = side_by_side(sentences, self._spellings, self._device)
        scores = self._network(batch)
        if self._network.chain is not None:
            return self._network.chain.best(scores, batch.lengths)
        rows = scores.argmax(dim=2).t().tolist()
        return [row[: len(sentence)] for row, sentence in zip(rows, sentences, strict=True)]

    def size(self) -> ModelSize:
        return network_size(self._network)

    def save(self, folder: Path) -> None:
        """Write the settings and symbols as JSON, the weights as safetensors."""
        settings = {**settings_of(self), "training": asdict(self.training)}
        write_model(folder, {"settings": settings, "tags": self._tags, "trained_on": asdict(self.trained_on)})
        self._alphabet.save(folder)
        save_weights(self._network, folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that `save` wrote, on the device it was trained on if there is one, otherwise on the CPU.

        Raises UserError where the files are others.
        """
        with reading(folder):
            content = read_model(folder)
            settings = content["settings"]
            model = cls(**{**settings, "training": Recipe(**settings["training"])})
            model._tags = tuple(content["tags"])
            model._alphabet = Alphabet.load(folder, lowercase=model.lowercase)
            network = model._build()
            load_weights(network, folder)
            model.trained_on = Computation(**content["trained_on"])
        model._open(network, device_if_there(model.device))
        return model
