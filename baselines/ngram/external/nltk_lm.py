"""The models of `nltk.lm`, unchanged: an oracle for ours, and the slow row of the table."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, log
from pathlib import Path
from sys import getsizeof
from typing import Annotated, ClassVar, Literal, Self

import nltk.lm
import numpy as np

from baselines.ngram.counting.history import recent, scoring_sequence, training_sequence
from baselines.ngram.model import Order
from baselines.saving import settings_of
from benchmark.contract import (
    Bounds,
    Computation,
    Context,
    LanguageModel,
    ModelSize,
    OrderSize,
    RunLog,
    Skip,
    TokenStream,
    Vocabulary,
)
from benchmark.errors import UserError

_START = "<s>"
_SETTINGS = "model.json"
_TIMED = 20  # targets scored to know nltk's speed


@dataclass(kw_only=True, eq=False)
class NltkModel(LanguageModel):
    """A class of `nltk.lm` that is given our n-grams and asked for one score after another.

    `method` names the class and `options` are its own arguments (`gamma`, `discount`). nltk counts and
    scores. Its input makes it comparable: its vocabulary is ours, a history begins with n − 1 `<s>` (its own
    padding), and `<s>` is never counted as a word, which would take probability from every lower order.
    Scores come from `unmasked_score`: no word is unknown to a closed vocabulary, and nltk's `score` would
    treat `<s>` as unknown.

    nltk uses relative frequencies for unigrams: words that training lacks have probability 0 in all methods
    but Lidstone's and Laplace's, and a text with such words has an infinite perplexity.

    Some methods of nltk score slowly (Kneser-Ney goes through all stored contexts for each word). If scoring
    the validation text would take longer than `time_limit` seconds, `fit` raises Skip with the rate that it
    measured.
    """

    family = "count"
    trained_on = scored_on = Computation(dtype="float64")

    method: str
    options: dict[str, float]
    order: Order = 3
    time_limit: Annotated[float, Bounds(gt=0)] = 1800
    context: Context = "sentence"

    def __post_init__(self) -> None:
        if self.method == "KneserNeyInterpolated" and self.order == 1:
            raise UserError(
                "model.order=1 is not usable: nltk's Kneser-Ney counts unigrams in bigrams; give 2"
            )

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count `train`. Raises Skip if nltk cannot hold all n-grams, or would score beyond the limit."""
        self._open(train.vocabulary)
        sequence = training_sequence(train.ids, train.vocabulary, self.context)
        try:
            self.lm.counts.update(self._ngrams(sequence.tolist(), len(train), log))
        except ValueError as error:  # nltk's own limit
            raise Skip(str(error)) from None
        timed = valid.head(_TIMED)
        begun = time.perf_counter()
        with log.evaluation():
            self.log_probs(timed)
        rate = len(timed) / (time.perf_counter() - begun)
        if len(valid) / rate > self.time_limit:
            raise Skip(
                f"nltk scores {rate:.3g} tokens a second here: the validation text would take "
                f"{len(valid) / rate:,.0f} s, above model.time_limit={self.time_limit:g}"
            )

    def _open(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._unigrams: np.ndarray | None = None
        # nltk counts its label for unknown words as one more word, so one of our words serves as the label
        words = nltk.lm.Vocabulary(vocabulary.tokens[1:], unk_label=vocabulary.tokens[0])
        try:
            self.lm = getattr(nltk.lm, self.method)(order=self.order, vocabulary=words, **self.options)
        except (TypeError, ValueError) as error:
            raise UserError(f"model.options={self.options} is not usable: {error}") from None

    def _ngrams(self, ids: list[int], targets: int, log: RunLog) -> Iterator[Iterator[tuple[str, ...]]]:
        """For each target the n-grams of all orders that end in it."""
        for done, (history, word) in enumerate(self._walk(ids)):
            gram = (*history, word)
            yield (gram[i:] for i in range(len(gram)))
            if done % 10_000 == 0:
                log.progress(done, targets)
        log.progress(targets, targets)

    def _walk(self, ids: Sequence[int]) -> Iterator[tuple[tuple[str, ...], str]]:
        """Every word of a sequence with the last n − 1 tokens before it; `<s>` begins a history."""
        tokens, longest = self.vocabulary.tokens, self.order - 1
        history: tuple[str, ...] = ()
        for index in ids:
            if index == len(tokens):
                history = (_START,) * longest
                continue
            yield history, tokens[index]
            history = (*history, tokens[index])[-longest:] if longest else ()

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        """ln p of each id of `stream` given those before it: float32 [targets]."""
        sequence, is_target = scoring_sequence(stream.ids, self.vocabulary, self.context)
        scores = [
            _ln(self.lm.unmasked_score(word, history)) for history, word in self._walk(sequence.tolist())
        ]
        is_word = sequence < len(self.vocabulary)
        return np.array(scores, dtype=np.float32)[is_target[is_word]]

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        """ln p of every word after each context: float32 [contexts, vocabulary]."""
        rows = np.empty((len(contexts), len(self.vocabulary)), dtype=np.float32)
        for row, context in zip(rows, contexts, strict=True):
            ids = recent(context, self.vocabulary, self.context, self.order - 1).tolist()
            *_, (history, _) = self._walk([*ids, 0])
            with np.errstate(divide="ignore"):
                row[:] = np.log(self._row(history))
        return rows

    def _row(self, history: tuple[str, ...]) -> np.ndarray:
        """nltk's score of every word.

        An interpolated model is asked only for the words seen after the history; all others have its share
        of the lower order alone."""
        if not hasattr(self.lm, "estimator"):
            return np.array([self.lm.unmasked_score(word, history) for word in self.vocabulary.tokens])
        if not history:
            if self._unigrams is None:
                self._unigrams = np.array([self.lm.unmasked_score(word) for word in self.vocabulary.tokens])
            return self._unigrams
        row = self._row(history[1:])
        followers = self.lm.counts[history]
        if followers:
            alphas, gammas = zip(
                *(self.lm.estimator.alpha_gamma(word, history) for word in followers), strict=True
            )
            row = gammas[0] * row
            row[[self.vocabulary.ids[word] for word in followers]] += alphas
        return row

    def size(self) -> ModelSize:
        """Counted n-grams, and the size of nltk's tables and their keys according to Python."""
        sizes = [sum(map(getsizeof, self.vocabulary.tokens)) + getsizeof(self.lm.counts.unigrams)]
        for n in range(2, self.order + 1):
            table = self.lm.counts[n]
            sizes.append(
                getsizeof(table) + sum(getsizeof(key) + getsizeof(each) for key, each in table.items())
            )
        return ModelSize.of_orders(
            OrderSize(sum(1 for _ in self._stored(n)), size) for n, size in enumerate(sizes, 1)
        )

    def _stored(self, n: int) -> Iterator[tuple[tuple[str, ...], int]]:
        """The n-grams of order n with their counts."""
        tables = {(): self.lm.counts.unigrams} if n == 1 else self.lm.counts[n]
        for history, table in tables.items():
            for word, count in table.items():
                yield (*history, word), count

    def save(self, folder: Path) -> None:
        """Write n-grams (ids, `<s>` as the size of the vocabulary) and counts as `.npy`, settings as JSON."""
        ids = {**self.vocabulary.ids, _START: len(self.vocabulary)}
        for n in range(1, self.order + 1):
            stored = list(self._stored(n))
            grams = np.array([[ids[word] for word in gram] for gram, _ in stored], dtype=np.int32)
            np.save(folder / f"ngrams.{n}.npy", grams.reshape(-1, n), allow_pickle=False)
            counts = np.array([count for _, count in stored], dtype=np.int64)
            np.save(folder / f"counts.{n}.npy", counts, allow_pickle=False)
        (folder / _SETTINGS).write_text(json.dumps(settings_of(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """The model that `save` wrote."""
        model = cls(**json.loads((folder / _SETTINGS).read_text(encoding="utf-8")))
        model._open(vocabulary)
        words = [*vocabulary.tokens, _START]
        for n in range(1, model.order + 1):
            grams = np.load(folder / f"ngrams.{n}.npy", allow_pickle=False).tolist()
            counts = np.load(folder / f"counts.{n}.npy", allow_pickle=False).tolist()
            for gram, count in zip(grams, counts, strict=True):
                *history, word = (words[index] for index in gram)
                table = model.lm.counts[n][tuple(history)] if history else model.lm.counts.unigrams
                table[word] = count
        return model


@dataclass(kw_only=True, eq=False)
class NltkLM(NltkModel):
    """The classes of `nltk.lm` that are distributions over our vocabulary after every context."""

    version: ClassVar[int] = 1

    method: Literal[
        "Lidstone",
        "Laplace",
        "WittenBellInterpolated",
        "AbsoluteDiscountingInterpolated",
        "KneserNeyInterpolated",
    ]


@dataclass(kw_only=True, eq=False)
class NltkScore(NltkModel):
    """The classes of `nltk.lm` whose scores do not sum to one.

    `MLE` gives every word 0 after a context never seen, a sum of 0. `StupidBackoff` is not a distribution by
    definition (Brants et al. 2007).
    """

    version: ClassVar[int] = 1
    normalised = False

    method: Literal["MLE", "StupidBackoff"]


def _ln(probability: float) -> float:
    return log(probability) if probability else -inf
