"""Naive Bayes: the words of a text are independent, given its class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import numpy as np

from baselines.saving import settings_of
from baselines.tasks.classification.calibration import (
    best_scale,
    class_numbers,
    judged,
    log_softmax,
    smoothed_loss,
)
from baselines.tasks.classification.features import Ngrams, Order, Rows
from baselines.tasks.saved import read_array, read_model, reading, write_model
from benchmark.contract import Bounds, Computation, ModelSize, RunLog
from benchmark.task.contract import Classifier, Input, Items, inputs_of, labels_of

#: What is searched where k is null: eight values a decade.
_SMOOTHINGS = np.geomspace(1e-3, 10, 33)


@dataclass(kw_only=True, eq=False)
class NaiveBayes(Classifier):
    """p(c | text) ∝ p(c) · p(text | c)^(1/T), the text as a bag of its n-grams up to `order`.

    `multinomial`: p(text | c) = ∏ p(w | c)^count, with p(w | c) = (n(w, c) + k) / (n(c) + k V), n(w, c) how
    often the texts of class c have w, n(c) their sum over the V features (McCallum & Nigam 1998, eq. 5).
    `bernoulli`: a feature is there or is not, each with its probability: p(w | c) = (d(w, c) + k) / (d(c) + 2
    k), d(w, c) how many of the d(c) texts have w (eq. 3). `repeats: false` counts a feature once a text in
    the multinomial, too (Jurafsky & Martin: binary naive Bayes). What training did not see is left out, and
    p(c) is the share of c.

    Words are not independent, so the product is too sure of itself; the temperature T makes up for that.
    `k: null` and `temperature: null` take what has the least log loss on the validation items; after `fit`,
    `chosen_k` and `chosen_temperature` hold what is used.
    """

    version: ClassVar[int] = 1
    family = "count"

    events: Literal["multinomial", "bernoulli"] = "multinomial"
    order: Order = 1
    repeats: bool = True
    k: Annotated[float, Bounds(gt=0)] | None = None
    temperature: Annotated[float, Bounds(gt=0)] | None = None

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        """Count; choose k and T. Raises UserError where no validation item can choose them."""
        self.classes = labels_of(train)
        inputs, own = inputs_of(train), class_numbers(train, self.classes)
        self._features = Ngrams.of(inputs, self.order)
        counts = self._rows(inputs).sums(own, len(self.classes))
        texts = np.bincount(own, minlength=len(self.classes)).astype(np.float64)
        self._prior = np.log(texts / texts.sum())
        tokens = sum(len(text.tokens) for text in inputs)
        log.progress(tokens, tokens)
        self._choose(counts, texts, valid, log)
        self._weights, self._bias = self._estimates(counts, texts, self.chosen_k)
        self.trained_on = self.scored_on = Computation(dtype="float64")

    def _choose(self, counts: np.ndarray, texts: np.ndarray, valid: Items, log: RunLog) -> None:
        """The k and the T with the least log loss on the validation items."""
        if self.k is not None and self.temperature is not None:
            self.chosen_k, self.chosen_temperature = self.k, self.temperature
            return
        used = [valid[place] for place in judged(valid, self.classes)]
        right, rows = class_numbers(used, self.classes), self._rows(inputs_of(used))
        found = []
        for k in _SMOOTHINGS.tolist() if self.k is None else [self.k]:
            weights, bias = self._estimates(counts, texts, k)
            scores = rows.times(weights) + bias
            if self.temperature is None:
                scale, loss = best_scale(self._prior, scores, right)
            else:
                scale = 1 / self.temperature
                loss = smoothed_loss(log_softmax(self._prior + scale * scores), right)
            found.append((loss, k, 1 / scale))
        loss, self.chosen_k, self.chosen_temperature = min(found)
        log.info(
            f"k = {self.chosen_k:.4g}, T = {self.chosen_temperature:.4g}: validation log loss {loss:.4f}"
        )

    def _estimates(self, counts: np.ndarray, texts: np.ndarray, k: float) -> tuple[np.ndarray, np.ndarray]:
        """What a feature adds to ln p(text | c) [features, classes], and what every text has [classes]."""
        if self.events == "multinomial":
            totals = counts.sum(axis=0) + k * max(len(counts), 1)  # training texts may be without a word
            return np.log(counts + k) - np.log(totals), np.zeros(len(texts))
        there = np.log(counts + k) - np.log(texts + 2 * k)
        absent = np.log(texts - counts + k) - np.log(texts + 2 * k)
        return there - absent, absent.sum(axis=0)

    def _rows(self, inputs: Sequence[Input]) -> Rows:
        rows = self._features.rows(inputs)
        return rows if self.repeats and self.events == "multinomial" else rows.distinct()

    def log_probs(self, inputs: Sequence[Input]) -> np.ndarray:
        """ln p of each class: float64 [inputs, classes]."""
        scores = self._rows(inputs).times(self._weights) + self._bias
        return log_softmax(self._prior + scores / self.chosen_temperature)

    def size(self) -> ModelSize:
        """An entry a feature and class."""
        keys = sum(part.nbytes for part in self._features.keys)
        return ModelSize(self._weights.nbytes + keys, entries=self._weights.size)

    def save(self, folder: Path) -> None:
        """Settings and choices as JSON; the features and their weights as arrays."""
        chosen = {"k": self.chosen_k, "temperature": self.chosen_temperature}
        content = {"settings": settings_of(self), "classes": self.classes, "chosen": chosen}
        write_model(folder, content)
        self._features.save(folder)
        np.save(folder / "weights.npy", self._weights, allow_pickle=False)
        np.save(folder / "classes.npy", np.stack([self._prior, self._bias]), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that `save` wrote. Raises Unreadable."""
        with reading(folder):
            content = read_model(folder)
            classes, chosen = content["classes"], content["chosen"]
            model = cls(**content["settings"])
            model.classes = tuple(classes)
            model.chosen_k, model.chosen_temperature = chosen["k"], chosen["temperature"]
            model._features = Ngrams.load(folder, model.order)
            shape = (len(model._features), len(classes))
            model._weights = read_array(folder / "weights.npy", np.float64, shape)
            model._prior, model._bias = read_array(folder / "classes.npy", np.float64, (2, len(classes)))
        model.trained_on = model.scored_on = Computation(dtype="float64")
        return model
