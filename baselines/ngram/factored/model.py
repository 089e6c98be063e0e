"""The base of models on factored tables: fit, score, save and load a product of mixtures."""

import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Annotated, Self

import numpy as np

from baselines.ngram.counting.history import recent, scoring_sequence, training_sequence
from baselines.ngram.factored.mixture import FactoredMixture
from baselines.ngram.factored.table import ABSENT, FactoredTable
from baselines.ngram.model import Order
from baselines.saving import settings_of
from benchmark.contract import (
    Bounds,
    Computation,
    Context,
    LanguageModel,
    ModelSize,
    RunLog,
    TokenStream,
    Vocabulary,
)

_SETTINGS = "model.json"
_ROWS = 32  # dense rows computed at a time …
_SEARCHED = 1 << 10  # … of so many histories that are searched for


def words_before(sequence: np.ndarray, distances: tuple[int, ...], start: int) -> np.ndarray:
    """The words at `distances` (ascending) before each position of a sequence: int64 [distances, positions].

    `sequence` marks beginnings by `<s>` (the id `start`). A distance that reaches beyond a beginning finds
    its `<s>`. What lies beyond an `<s>` already found, or beyond an unmarked beginning, is ABSENT.
    """
    positions = np.arange(len(sequence))
    began = np.maximum.accumulate(np.where(sequence == start, positions, -1))
    words = np.full((len(distances), len(sequence)), ABSENT, dtype=np.int64)
    inside = np.ones(len(sequence), dtype=bool)
    for row, distance in zip(words, distances, strict=True):
        place = np.maximum(positions - distance, began)
        inside &= place >= 0
        row[inside] = sequence[place[inside]]
        inside &= row != start
    return words


@dataclass(frozen=True)
class History:
    """Some of the words before a target: those at `distances` (ascending), as words or as classes.

    `symbols` int64 [words + 1]: each word itself, or its class. The last is that of `<s>`, and the largest.
    """

    distances: tuple[int, ...]
    symbols: np.ndarray

    def factors(self, sequence: np.ndarray) -> np.ndarray:
        """The symbols at the distances before each position: int64 [distances, positions]."""
        return words_before(self.symbols[sequence], self.distances, int(self.symbols[-1]))

    @property
    def radix(self) -> int:
        """How many different symbols there are."""
        return int(self.symbols[-1]) + 1


@dataclass(frozen=True)
class Part:
    """One distribution of the product: a mixture over `histories`, the first of which sets the buckets.

    `targets` int64 [words]: the target that each word stands for, itself or its class. `groups` int64
    [targets]: the group in which a target is predicted, itself a target of the part before. The targets of
    the last part are the words.
    """

    targets: np.ndarray
    groups: np.ndarray
    histories: tuple[History, ...]

    def fitted(
        self, train: tuple[np.ndarray, np.ndarray], valid: tuple[np.ndarray, np.ndarray], log: RunLog
    ) -> FactoredMixture:
        """The mixture, from the training and the validation sequence, each with a mask of its targets."""
        tables = [
            FactoredTable.estimate(factors, targets, self.groups, history.radix, log)
            for history in self.histories
            for (factors,), targets in [self.events(*train, (history,))]
        ]
        return FactoredMixture.fitted(tables, *self.events(*valid))

    def events(
        self, sequence: np.ndarray, is_target: np.ndarray, histories: tuple[History, ...] | None = None
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """Factors [k, events] of each history, and targets [events]."""
        wanted = self.histories if histories is None else histories
        factors = [history.factors(sequence)[:, is_target] for history in wanted]
        return factors, self.targets[sequence[is_target]]


def choices(order: int, skips: int) -> list[tuple[int, ...]]:
    """Every choice of order − 1 of the nearest order − 1 + skips distances; the nearest come first."""
    return list(combinations(range(1, order + skips), order - 1))


@dataclass(kw_only=True, eq=False)
class FactoredModel(LanguageModel):
    """p(w | h) as a product of parts, each a `FactoredMixture`. Subclasses implement `parts`.

    A subclass whose parts depend on something learned also overrides `prepare`, `save` and `restore`.
    """

    family = "count"
    trained_on = scored_on = Computation(dtype="float64")

    order: Order = 5
    skips: Annotated[int, Bounds(ge=0, le=10)] = 0
    context: Context = "sentence"

    @abstractmethod
    def parts(self, vocabulary: Vocabulary) -> list[Part]:
        """The distributions whose product is the model."""

    def prepare(self, sequence: np.ndarray, vocabulary: Vocabulary, log: RunLog) -> None:
        """Learn what `parts` needs. Here: nothing."""

    def restore(self, folder: Path, vocabulary: Vocabulary) -> None:
        """Read what `prepare` learned. Here: nothing."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Estimate every table on `train`, and the mixtures' weights by EM on `valid`."""
        self.vocabulary = train.vocabulary
        sequence = training_sequence(train.ids, train.vocabulary, self.context)
        self.prepare(sequence, train.vocabulary, log)
        trained = sequence, sequence != len(train.vocabulary)
        validated = scoring_sequence(valid.ids, train.vocabulary, self.context)
        self._parts = self.parts(train.vocabulary)
        self.mixtures = [part.fitted(trained, validated, log) for part in self._parts]
        log.progress(len(train), len(train))

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        """ln p of each id of `stream` given those before it: float32 [targets]."""
        sequence = scoring_sequence(stream.ids, self.vocabulary, self.context)
        scores = [
            mixture.score(*part.events(*sequence))
            for part, mixture in zip(self._parts, self.mixtures, strict=True)
        ]
        return np.sum(scores, axis=0)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        """ln p of every word after each context: float32 [contexts, vocabulary]."""
        longest = self.order - 1 + self.skips
        histories = [recent(ids, self.vocabulary, self.context, longest) for ids in contexts]
        windows = [np.append(ids, 0) for ids in histories]
        factors = [
            [np.stack([history.factors(ids)[:, -1] for ids in windows], axis=1) for history in part.histories]
            for part in self._parts
        ]
        if not windows:
            return np.empty((0, len(self.vocabulary)), dtype=np.float32)
        return np.concatenate(list(self._rows(factors, _ROWS)))

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """See `LanguageModel`. The factors of all histories are taken from the text at once."""
        sequence = scoring_sequence(stream.ids, self.vocabulary, self.context)
        factors = [part.events(*sequence)[0] for part in self._parts]
        return self._rows([[each[:, places] for each in part] for part in factors], rows)

    def _rows(self, factors: Sequence[Sequence[np.ndarray]], rows: int) -> Iterator[np.ndarray]:
        """ln p of every word, given the factors [k, histories] of each history of each part.

        Blocks float32 [at most `rows`, words]. Histories are searched for many at a time.
        """
        histories = factors[0][0].shape[1]
        together = rows * max(1, _SEARCHED // rows)
        for start in range(0, histories, together):
            some = [[each[:, start : start + together] for each in part] for part in factors]
            found = [mixture.find(own) for mixture, own in zip(self.mixtures, some, strict=True)]
            count = some[0][0].shape[1]
            for first in range(0, count, rows):
                last = min(first + rows, count)
                p = np.ones((last - first, 1), dtype=np.float32)
                for mixture, tables in zip(self.mixtures, found, strict=True):
                    p = mixture.rows([table.part(first, last) for table in tables], p)
                yield np.log(p, out=p)

    def size(self) -> ModelSize:
        return ModelSize(
            bytes_in_memory=sum(mixture.nbytes for mixture in self.mixtures),
            entries=sum(mixture.entries for mixture in self.mixtures),
        )

    def save(self, folder: Path) -> None:
        """Write the tables and weights as `.npy` arrays, settings as JSON."""
        for i, mixture in enumerate(self.mixtures):
            mixture.save(folder, f"part{i}")
        (folder / _SETTINGS).write_text(json.dumps(settings_of(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """The model that `save` wrote."""
        model = cls(**json.loads((folder / _SETTINGS).read_text(encoding="utf-8")))
        model.vocabulary = vocabulary
        model.restore(folder, vocabulary)
        model._parts = model.parts(vocabulary)
        model.mixtures = [
            FactoredMixture.load(
                folder,
                f"part{i}",
                [len(history.distances) for history in part.histories],
                [history.radix for history in part.histories],
            )
            for i, part in enumerate(model._parts)
        ]
        return model
