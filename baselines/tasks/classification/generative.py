"""A language model a class, and Bayes' rule."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np

from baselines.mixture.components import ComponentLog
from baselines.saving import class_path, named_class
from baselines.tasks.classification.calibration import best_scale, class_numbers, judged, log_softmax
from baselines.tasks.saved import read_array, read_model, reading, write_model
from benchmark.contract import Bounds, Computation, LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary
from benchmark.corpus.marks import END, UNKNOWN
from benchmark.errors import UserError
from benchmark.task.contract import Classifier, Input, Items, inputs_of, labels_of

_VOCABULARY = "vocabulary.json"


@dataclass(kw_only=True, eq=False)
class GenerativeClassifier(Classifier):
    """p(c | text) ∝ p(c) · p(text | c)^(1/T), p(text | c) by a language model of the texts of class c.

    Peng & Schuurmans 2003, with n-gram models; Yogatama et al. 2017, with LSTMs. Each class has its own copy
    of `component`, trained on its texts, one a line, with `</s>` behind each; all share one vocabulary. Its
    words are those with `min_count` occurrences in the training texts of all classes; the others are `<unk>`.
    p(c) is the share of c.

    The temperature T makes up for words being less independent than the models have them. `temperature: null`
    takes what has the least log loss on the validation items; after `fit`, `chosen_temperature` holds what is
    used.
    """

    version: ClassVar[int] = 1

    component: LanguageModel
    min_count: Annotated[int, Bounds(ge=1)] = 1
    temperature: Annotated[float, Bounds(gt=0)] | None = None

    def __post_init__(self) -> None:
        if not self.component.normalised or self.component.scores_only is not None:
            raise UserError("model.component has no distribution over words: choose another language model")
        self.family = self.component.family

    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        """Train a copy of the component a class, on its training texts and its validation texts."""
        self.classes = labels_of(train)
        self._vocabulary = _vocabulary(inputs_of(train), self.min_count)
        own, of_valid = class_numbers(train, self.classes), class_numbers(valid, self.classes)
        self._prior = np.log(np.bincount(own, minlength=len(self.classes)) / len(own))
        lengths = np.bincount(own, [len(each.input.tokens) + 1 for each in train], len(self.classes))
        self._models, done = [], 0
        for number, name in enumerate(self.classes):
            texts = self._stream([train[place].input for place in np.flatnonzero(own == number).tolist()])
            beside = [valid[place].input for place in np.flatnonzero(of_valid == number).tolist()]
            model = copy.deepcopy(self.component)
            behind = lengths[number + 1 :].sum() / lengths[number]
            component_log = ComponentLog(log, name, done, behind)
            model.fit(texts, self._stream(beside or inputs_of(valid)), component_log)
            if component_log.done == done:  # without a word of progress, it has read the texts once
                component_log.progress(len(texts), len(texts))
            done = component_log.done
            self._models.append(model)
        with log.evaluation():
            self._calibrate(valid, log)
        self._describe()

    def _calibrate(self, valid: Items, log: RunLog) -> None:
        if self.temperature is not None:
            self.chosen_temperature = self.temperature
            return
        used = [valid[place] for place in judged(valid, self.classes)]
        scores = self.text_log_probs(inputs_of(used))
        scale, loss = best_scale(self._prior, scores, class_numbers(used, self.classes))
        self.chosen_temperature = 1 / scale
        log.info(f"T = {self.chosen_temperature:.4g}: validation log loss {loss:.4f}")

    def text_log_probs(self, inputs: Sequence[Input]) -> np.ndarray:
        """ln p(text | c), the end of the text included: float64 [inputs, classes]."""
        if not inputs:
            return np.empty((0, len(self.classes)))
        stream = self._stream(inputs)
        of_tokens = np.stack([model.log_probs_by_line(stream) for model in self._models], axis=1)
        return np.add.reduceat(of_tokens.astype(np.float64), stream.lines[:-1], axis=0)

    def log_probs(self, inputs: Sequence[Input]) -> np.ndarray:
        """ln p of each class: float64 [inputs, classes]."""
        return log_softmax(self._prior + self.text_log_probs(inputs) / self.chosen_temperature)

    def _stream(self, inputs: Sequence[Input]) -> TokenStream:
        """Texts as lines. A token that is spelt like the end of a line is `<unk>`, so that it ends none."""
        ids = self._vocabulary.ids
        unknown, end = ids[UNKNOWN], ids[END]
        known = {token: number for token, number in ids.items() if number != end}
        numbers = [[*(known.get(token, unknown) for token in text.tokens), end] for text in inputs]
        flat = np.array([number for line in numbers for number in line], dtype=np.uint32)
        lines = np.cumsum([0, *map(len, numbers)], dtype=np.int64)
        return TokenStream(flat, lines, self._vocabulary)

    def _describe(self) -> None:
        self.trained_on = Computation.of_several(model.trained_on for model in self._models)
        self.scored_on = Computation.of_several(model.scored_on for model in self._models)
        self.notes = tuple(dict.fromkeys(note for model in self._models for note in model.notes))

    def size(self) -> ModelSize:
        """The sums over the classes' models, where they are known."""
        sizes = [model.size() for model in self._models]
        return ModelSize(
            _sum([size.bytes_in_memory for size in sizes]),
            parameters=_sum([size.parameters for size in sizes]),
            entries=_sum([size.entries for size in sizes]),
        )

    def save(self, folder: Path) -> None:
        """Settings as JSON; the vocabulary; the model of each class in a folder with its number."""
        content = {
            "component": class_path(self.component),
            "min_count": self.min_count,
            "temperature": self.temperature,
            "classes": self.classes,
            "chosen": self.chosen_temperature,
        }
        write_model(folder, content)
        self._vocabulary.save(folder / _VOCABULARY)
        np.save(folder / "prior.npy", self._prior, allow_pickle=False)
        for number, model in enumerate(self._models):
            (folder / str(number)).mkdir()
            model.save(folder / str(number))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that `save` wrote. Raises Unreadable."""
        with reading(folder):
            content = read_model(folder)
            classes, vocabulary = content["classes"], Vocabulary.load(folder / _VOCABULARY)
            prior = read_array(folder / "prior.npy", np.float64, (len(classes),))
            kind = named_class(content["component"])
            settings = {key: content[key] for key in ("min_count", "temperature")}
        models = []
        for number in range(len(classes)):
            with reading(folder / str(number)):
                models.append(kind.load(folder / str(number), vocabulary))
        model = cls(component=models[0], **settings)
        model.classes, model._models, model._vocabulary = tuple(classes), models, vocabulary
        model._prior, model.chosen_temperature = prior, content["chosen"]
        model._describe()
        return model


def _vocabulary(texts: Sequence[Input], min_count: int) -> Vocabulary:
    """The words of some texts by falling frequency, `<unk>` for the rare ones and `</s>` among them."""
    counts = Counter(token for text in texts for token in text.tokens)
    rare = {token for token, count in counts.items() if count < min_count}
    held = {token: count for token, count in counts.items() if token not in rare and token != END}
    held[UNKNOWN] = held.get(UNKNOWN, 0) + sum(counts[token] for token in rare | {END})
    held[END] = len(texts)
    by_frequency = sorted(held.items(), key=lambda pair: (-pair[1], pair[0]))
    return Vocabulary(
        tuple(token for token, _ in by_frequency), np.array([n for _, n in by_frequency], dtype=np.int64)
    )


def _sum(values: Sequence[int | None]) -> int | None:
    """Their sum; None where one is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
