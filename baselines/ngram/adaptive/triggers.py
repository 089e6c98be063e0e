"""Triggers: words that make others likelier for some time after them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np

from baselines.ngram.adaptive.trigger_pairs import Pairs, counted_pairs
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
    after_last_end,
)

_SAVED = "triggers.json"
_ARRAYS = "triggers.npz"
#: The weight of the unigrams beside the triggers, in the nats of their information.
_UNIGRAMS = 0.1
#: Weights grow instead of the old ones fading, and are scaled down before they overflow.
_LARGEST = 1e100
#: A token so many half-lives back counts nothing.
_FORGOTTEN = 60


@dataclass(kw_only=True, eq=False)
class Triggers(LanguageModel):
    """p(w | h) = (ε p₁(w) + Σᵢ aᵢ P(w | hᵢ)) / (ε + Σᵢ aᵢ), aᵢ = 2^(−(dᵢ − 1) / `half_life`) · I(hᵢ).

    Every token hᵢ of the history, dᵢ back, is a trigger (Lau, Rosenfeld & Roukos 1993) of the words that
    followed it at some distance in the training text:

        P(w | v) = (C(v, w) + μ p₁(w)) / (Σ C(v, ·) + μ),   I(v) = Σ_w P(w | v) ln (P(w | v) / p₁(w)).

    C(v, w) counts the pairs in which w stands d tokens after v, `nearest` ≤ d ≤ 4 · `half_life`, each with
    the weight 2^(−(d − 1) / `half_life`). Pairs with C < `least` are dropped. p₁ are the unigrams of the
    training text, words not seen there counted once; μ is `prior`. I, in nats, is what a trigger tells: next
    to nothing for `the`, or for a word that was seen once. ε is 0.1 nats.

    With `context="sentence"`, pairs and histories end with the line. A poor model by itself: it is made to be
    a component of a log-linear mixture, where it acts as the ratio p(w | h) / p₁(w).
    """

    version: ClassVar[int] = 1
    family = "count"
    trained_on = Computation(dtype="float32")
    scored_on = Computation(dtype="float64")

    half_life: Annotated[float, Bounds(gt=0, le=10_000)] = 30.0
    nearest: Annotated[int, Bounds(ge=1)] = 1
    prior: Annotated[float, Bounds(gt=0)] = 30.0
    least: Annotated[float, Bounds(ge=0)] = 0.5
    context: Context = "stream"

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        counts = np.maximum(np.bincount(train.ids, minlength=len(train.vocabulary)), 1)
        self.unigrams = counts / counts.sum()
        self._restart(train.vocabulary)
        farthest = max(self.nearest, int(4 * self.half_life))
        weights = np.exp2(-np.arange(farthest) / self.half_life)
        weights[: self.nearest - 1] = 0
        self.pairs = counted_pairs(
            np.asarray(train.ids), self.unigrams, weights, self.end, self.prior, self.least, log
        )

    def _restart(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        #: The token after which the history begins anew.
        self.end = vocabulary.end if self.context == "sentence" else None

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        scores = np.empty(len(stream), dtype=np.float32)
        reading = _Reading(self)
        for place, token in enumerate(stream.ids.tolist()):
            scores[place] = np.log(reading.probability(token))
            reading.read(token)
        return scores

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        rows = np.empty((len(contexts), len(self.unigrams)), dtype=np.float32)
        for row, context in zip(rows, contexts, strict=True):
            ids = np.asarray(context, dtype=np.int64)[-int(_FORGOTTEN * self.half_life) - 1 :]
            reading = _Reading(self)
            for token in (after_last_end(ids, self.vocabulary) if self.end is not None else ids).tolist():
                reading.read(token)
            reading.write(row)
        return np.log(rows, out=rows)

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """See `LanguageModel`. What has been read is carried on from place to place."""
        reading, read = _Reading(self), 0
        ids = np.asarray(stream.ids)
        for first in range(0, len(places), rows):
            some = places[first : first + rows]
            block = np.empty((len(some), len(self.unigrams)), dtype=np.float32)
            for row, place in zip(block, some.tolist(), strict=True):
                for token in ids[read:place].tolist():
                    reading.read(token)
                read = place
                reading.write(row)
            yield np.log(block, out=block)

    def size(self) -> ModelSize:
        """Its pairs, and two numbers for each word: the history is not part of the model."""
        return ModelSize(bytes_in_memory=self.pairs.nbytes + self.unigrams.nbytes, entries=len(self.pairs))

    def save(self, folder: Path) -> None:
        (folder / _SAVED).write_text(json.dumps(settings_of(self), indent=2) + "\n", encoding="utf-8")
        np.savez(folder / _ARRAYS, unigrams=self.unigrams, **vars(self.pairs))

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        model = cls(**json.loads((folder / _SAVED).read_text(encoding="utf-8")))
        model._restart(vocabulary)
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            model.unigrams = arrays["unigrams"]
            model.pairs = Pairs(*(arrays[name] for name in Pairs.__annotations__))
        return model


class _Reading:
    """A text that is read token by token: what its triggers say of the next.

    Instead of old weights fading, those of new tokens grow, so that a token changes only the words of its
    pairs.
    """

    def __init__(self, model: Triggers):
        self._pairs, self._unigrams, self._end = model.pairs, model.unigrams, model.end
        self._growth = float(np.exp2(1 / model.half_life))
        self._of_words = np.zeros(len(self._unigrams))
        self._begin()

    def _begin(self) -> None:
        self._of_words[:] = 0
        self._of_unigrams = self._total = 0.0
        self._scale = 1.0

    def read(self, token: int) -> None:
        if token == self._end:
            self._begin()
            return
        self._scale *= self._growth
        weight = self._scale * self._pairs.information[token]
        words, shares = self._pairs.of(token)
        self._of_words[words] += weight * shares
        self._of_unigrams += weight * self._pairs.rest[token]
        self._total += weight
        if self._scale > _LARGEST:
            self._of_words /= self._scale
            self._of_unigrams /= self._scale
            self._total /= self._scale
            self._scale = 1.0

    def probability(self, word: int) -> float:
        """p of one word in the place that comes next."""
        known = self._of_words[word] / self._scale + self._on_unigrams * self._unigrams[word]
        return float(known / self._all)

    def write(self, row: np.ndarray) -> None:
        """Writes p of every word into `row`, float32 [vocabulary]."""
        np.multiply(self._of_words, 1 / (self._scale * self._all), out=row, casting="same_kind")
        row += self._unigrams * (self._on_unigrams / self._all)

    @property
    def _on_unigrams(self) -> float:
        return self._of_unigrams / self._scale + _UNIGRAMS

    @property
    def _all(self) -> float:
        return self._total / self._scale + _UNIGRAMS
