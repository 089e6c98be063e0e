"""NB-SVM: a linear classifier whose features are scaled by what naive Bayes says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np

from baselines.saving import settings_of
from baselines.tasks.classification.calibration import best_scale, class_numbers, judged, log_softmax
from baselines.tasks.classification.features import Ngrams, Order, Rows
from baselines.tasks.classification.linear import Loss, trained
from baselines.tasks.saved import read_array, read_model, reading, write_model
from benchmark.contract import Bounds, Computation, ModelSize, RunLog
from benchmark.task.contract import Classifier, Input, Items, inputs_of, labels_of

#: What is searched where the cost, or the share of the trained weights, is null.
_COSTS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


@dataclass(kw_only=True, eq=False)
class NbSvm(Classifier):
    """A linear classifier of which n-grams a text has, each scaled by its log-count ratio (Wang & Manning
    2012).

    For each class c versus the rest: with p(w) = k + how many texts of c have w, and q(w) the same of the
    rest, r(w) = ln (p(w) / ‖p‖₁) − ln (q(w) / ‖q‖₁). The classifier has the least ½ ‖w‖² + C Σ loss of the
    features r ∘ x. Its weights are mixed with their mean size, (1 − β) ‖w‖₁ / V + β w, which is naive Bayes
    for β = 0. Two classes have one classifier, which says against whom it decides by its sign.

    Probabilities are the softmax of the scores times one scale: Platt's sigmoid without its offset for two
    classes. The scale has the least log loss on the validation items, and so have C and β where they are
    null; after `fit`, `chosen` holds what is used.
    """

    version: ClassVar[int] = 1
    family = "count"

    order: Order = 2
    k: Annotated[float, Bounds(gt=0)] = 1.0
    loss: Loss = "squared_hinge"
    cost: Annotated[float, Bounds(gt=0)] | None = None
    interpolation: Annotated[float, Bounds(ge=0, le=1)] | None = None

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        """Train at each cost that is searched. Raises UserError where no validation item can choose."""
        self.classes = labels_of(train)
        inputs, own = inputs_of(train), class_numbers(train, self.classes)
        self._features = Ngrams.of(inputs, self.order)
        rows = self._features.rows(inputs).distinct()
        used = [valid[place] for place in judged(valid, self.classes)]
        right, asked = class_numbers(used, self.classes), self._features.rows(inputs_of(used)).distinct()
        tokens = sum(len(text.tokens) for text in inputs)
        costs = _COSTS if self.cost is None else (self.cost,)
        best = np.inf
        for done, (cost, found) in enumerate(self._at_each_cost(rows, own, costs), 1):
            log.progress(done * tokens, len(costs) * tokens)
            for share in _SHARES if self.interpolation is None else (self.interpolation,):
                weights, bias = _mixed(*found, share)
                scale, loss = best_scale(0.0, _scores(asked, weights, bias, len(self.classes)), right)
                if loss < best:
                    best, self.chosen = loss, {"cost": cost, "interpolation": share, "scale": scale}
                    self._weights, self._bias = weights, bias
        said = ", ".join(f"{name} {value:.4g}" for name, value in self.chosen.items())
        log.info(f"{said}: validation log loss {best:.4f}")
        self.trained_on = self.scored_on = Computation(dtype="float64")

    def _at_each_cost(
        self, rows: Rows, own: np.ndarray, costs: Sequence[float]
    ) -> Iterator[tuple[float, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
        """Costs, with ratios and weights [features, problems] and biases [problems]."""
        number = len(self.classes)
        problems = [1] if number == 2 else list(range(number))
        counts = rows.sums(own, number)
        ratios = np.stack([_ratios(counts, positive, self.k) for positive in problems], axis=1)
        weights: list[np.ndarray | None] = [None] * len(problems)
        for cost in costs:
            for place, positive in enumerate(problems):
                signs = np.where(own == positive, 1.0, -1.0)
                weights[place] = trained(rows, ratios[:, place], signs, cost, self.loss, weights[place])
            found = np.stack([each for each in weights if each is not None], axis=1)
            yield cost, (ratios, found[:-1], found[-1])

    def log_probs(self, inputs: Sequence[Input]) -> np.ndarray:
        """ln p of each class: float64 [inputs, classes]."""
        rows = self._features.rows(inputs).distinct()
        scores = _scores(rows, self._weights, self._bias, len(self.classes))
        return log_softmax(self.chosen["scale"] * scores)

    def size(self) -> ModelSize:
        """A trained weight a feature and classifier."""
        keys = sum(part.nbytes for part in self._features.keys)
        return ModelSize(
            self._weights.nbytes + keys,
            parameters=self._weights.size + self._bias.size,
            entries=len(self._features),
        )

    def save(self, folder: Path) -> None:
        """Settings and choices as JSON; the features and their weights as arrays."""
        content = {"settings": settings_of(self), "classes": self.classes, "chosen": self.chosen}
        write_model(folder, content)
        self._features.save(folder)
        np.save(folder / "weights.npy", np.vstack([self._weights, self._bias]), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that `save` wrote. Raises Unreadable."""
        with reading(folder):
            content = read_model(folder)
            classes = content["classes"]
            model = cls(**content["settings"])
            model.classes, model.chosen = tuple(classes), content["chosen"]
            model._features = Ngrams.load(folder, model.order)
            shape = (len(model._features) + 1, 1 if len(classes) == 2 else len(classes))
            found = read_array(folder / "weights.npy", np.float64, shape)
            model._weights, model._bias = found[:-1], found[-1]
        model.trained_on = model.scored_on = Computation(dtype="float64")
        return model


def _ratios(counts: np.ndarray, positive: int, k: float) -> np.ndarray:
    """The log-count ratio of each feature, of one class versus the others: float64 [features]."""
    p = k + counts[:, positive]
    q = k + counts.sum(axis=1) - counts[:, positive]
    result: np.ndarray = np.log(p / p.sum()) - np.log(q / q.sum())
    return result


def _mixed(
    ratios: np.ndarray, weights: np.ndarray, bias: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the features themselves: the trained ones mixed with their mean size, times the ratios."""
    mean = np.abs(weights).mean(axis=0) if len(weights) else 0.0
    return ratios * ((1 - share) * mean + share * weights), bias


def _scores(rows: Rows, weights: np.ndarray, bias: np.ndarray, classes: int) -> np.ndarray:
    """The score of each class: float64 [texts, classes]. Two classes share a problem, ∓ its score."""
    scores = rows.times(weights) + bias
    return np.hstack([-scores, scores]) if classes == 2 else scores
