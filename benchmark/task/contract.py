"""What a model of a task must do. See `benchmark.contract` for language models.

A model is one class that implements `Tagger`, `Classifier` or `Transducer`, in one Python file, named by one
YAML file under `conf/model/`. The harness constructs it with the keys of the YAML, calls `fit`, asks for
answers, and calls `size` and `save`; later `load`. The answer to an item must not depend on the other items
that it is asked with. Nothing that `load` reads may be pickled.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from benchmark.contract import Computation, Diverged, Family, ModelSize, RunLog, Skip
from benchmark.task.items import Input, Item, Items, inputs_of, known_tokens, labels_of

__all__ = [
    "Classifier",
    "Computation",
    "Diverged",
    "Family",
    "Input",
    "Item",
    "Items",
    "ModelSize",
    "RunLog",
    "Skip",
    "Tagger",
    "TaskModel",
    "Transducer",
    "inputs_of",
    "known_tokens",
    "labels_of",
]


class TaskModel(ABC):
    """A model that is trained on items with their right answers."""

    #: The tasks that it can be trained for, by the names in `benchmark.task.tasks`.
    tasks: ClassVar[tuple[str, ...]]
    family: Family
    #: How the model was trained and how it answers; read after `fit`.
    trained_on: Computation = Computation()
    scored_on: Computation = Computation()
    #: What a reader must know beside its figures, a sentence each; read after `fit`.
    notes: tuple[str, ...] = ()

    @abstractmethod
    def fit(self, train: Items, valid: Items, log: RunLog) -> None:
        """Learn from `train`; choose settings and stop by `valid`. Raises Skip or Diverged."""

    @abstractmethod
    def size(self) -> ModelSize:
        """How big the fitted model is."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write everything `load` needs into an existing, empty folder. Never pickle."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """The model that `save` wrote, with identical answers."""


class Tagger(TaskModel):
    """Gives each token of a sentence a tag."""

    tasks = ("tagging", "chunking")

    @abstractmethod
    def tag(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        """One tag a token, for each input. Every tag is one of the training items'."""


class Classifier(TaskModel):
    """Gives a text a distribution over classes."""

    tasks = ("classification",)
    #: The classes of the training items, sorted; set by `fit` and `load`.
    classes: tuple[str, ...]

    @abstractmethod
    def log_probs(self, inputs: Sequence[Input]) -> np.ndarray:
        """Natural log-probability of each of `classes`, in their order: float64 [inputs, classes]."""


class Transducer(TaskModel):
    """Turns a sequence into another of any length, and says how probable another one is."""

    tasks = ("transduction",)
    #: The input symbols of the training items; set by `fit` and `load` of a model that keeps them. Words of
    #: one's own that have others are then refused.
    input_symbols: tuple[str, ...] | None = None

    @abstractmethod
    def transduce(self, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
        """The output that the model finds most probable, for each input."""

    @abstractmethod
    def log_prob(self, inputs: Sequence[Input], outputs: Sequence[tuple[str, ...]]) -> np.ndarray:
        """Natural log-probability of each output given its input, its end included: float64 [inputs].

        Over all outputs these probabilities sum to at most 1. −∞ for one that the model cannot give.
        """
