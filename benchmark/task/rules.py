"""The rules of the contract for models of tasks (`benchmark.task.contract`), beside usable answers."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmark.check.answers import kind_of
from benchmark.check.saving import check_files
from benchmark.contract import ModelSize, RunLog
from benchmark.errors import BrokenContract
from benchmark.task.answers import TOLERANCE, answered, answers_of
from benchmark.task.contract import Classifier, Tagger, TaskModel, Transducer
from benchmark.task.items import Input, Items, inputs_of, known_tokens, labels_of
from benchmark.traces import described

#: Items that two sets of answers are compared on.
COMPARED = 20


def declared(model: TaskModel, train: Items, items: Items) -> None:
    """family, size, classes and input symbols are what the contract knows."""
    if model.family not in ("count", "neural", "mixture"):
        raise BrokenContract("family", f"is {model.family!r}; it must be 'count', 'neural' or 'mixture'")
    size = model.size()
    if not isinstance(size, ModelSize):
        raise BrokenContract("size", f"returned {kind_of(size)}; it must return a ModelSize")
    if isinstance(model, Classifier) and tuple(model.classes) != labels_of(train):
        raise BrokenContract(
            "classes", f"are {model.classes!r:.80}; they must be those of the training items, sorted"
        )
    symbols = _input_symbols(model)
    if symbols is not None and symbols != known_tokens(train):
        raise BrokenContract("input_symbols", "are others than the input symbols of the training items")


def _input_symbols(model: TaskModel) -> frozenset[str] | None:
    symbols = model.input_symbols if isinstance(model, Transducer) else None
    return None if symbols is None else frozenset(symbols)


def known(model: TaskModel, train: Items, items: Items) -> None:
    """Every tag or symbol of an answer is one of the training items'."""
    if isinstance(model, Classifier):
        return
    labels = set(labels_of(train))
    method = "tag" if isinstance(model, Tagger) else "transduce"
    for number, answer in enumerate(answers_of(model, inputs_of(items))):
        strange = [label for label in answer if label not in labels]
        if strange:
            raise BrokenContract(
                method, f"answers input {number} with {strange[0]!r}, which training never had"
            )


def proper(model: TaskModel, train: Items, items: Items) -> None:
    """Probabilities are none above 1, and those of classes add up to 1."""
    answered(model, items, known_tokens(train))


def independent(model: TaskModel, train: Items, items: Items) -> None:
    """An answer is the same whichever other items are asked about with it."""
    inputs = inputs_of(items)[:COMPARED]
    together = answers_of(model, inputs)
    for number, given in enumerate(inputs):
        if not alike(answers_of(model, [given])[0], together[number]):
            raise BrokenContract(
                _method(model), f"answers input {number} otherwise when it is asked about alone"
            )


def steady(model: TaskModel, train: Items, items: Items) -> None:
    """Answering twice gives the same."""
    inputs = inputs_of(items)[:COMPARED]
    if not all(map(alike, answers_of(model, inputs), answers_of(model, inputs))):
        raise BrokenContract(_method(model), "gives other answers the second time")


def durable(model: TaskModel, train: Items, items: Items) -> None:
    """save, then load, gives the same answers; no pickle is written."""
    with TemporaryDirectory() as folder:
        model.save(Path(folder))
        check_saved(model, Path(folder), inputs_of(items)[:COMPARED])


def unseen(model: TaskModel, train: Items, items: Items) -> None:
    """A token that training never had is answered, too."""
    given = items[0].input
    strange = Input(("\u2603",) * len(given.tokens), given.given)
    answers_of(model, [strange, given])


RULES: dict[str, Callable[[TaskModel, Items, Items], None]] = {
    rule.__name__: rule for rule in (declared, known, proper, independent, steady, durable, unseen)
}


def repeatable(build: Callable[[], TaskModel], model: TaskModel, train: Items, valid: Items) -> None:
    """The same settings and seed, fitted again, give the same answers."""
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002  # the global state is what a model must not depend on
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(99)
    again = build()
    again.fit(train, valid, RunLog())
    inputs = inputs_of(valid)[:COMPARED]
    if not all(map(alike, answers_of(again, inputs), answers_of(model, inputs))):
        raise BrokenContract(
            "fit", "gives another model when it is called again with the same items and seed"
        )


def check_saved(model: TaskModel, folder: Path, inputs: Sequence[Input]) -> None:
    """A model loaded from `folder` answers as the saved one. Raises BrokenContract."""
    check_files(lambda: model.size().bytes_in_memory, folder)
    try:
        again: object = type(model).load(folder)
    except (Exception, SystemExit) as error:
        raise BrokenContract("load", f"cannot read what save wrote: {described(error)}") from error
    if not isinstance(again, TaskModel):
        raise BrokenContract("load", f"returned {kind_of(again)}; it must return the model")
    pairs = zip(answers_of(again, inputs), answers_of(model, inputs), strict=True)
    if not all(alike(a, b) for a, b in pairs):
        raise BrokenContract("load", "gives another model than was saved: it answers otherwise")
    if _input_symbols(again) != _input_symbols(model):
        raise BrokenContract("load", "gives another model than was saved: its input_symbols are others")


def alike(first: Any, second: Any) -> bool:
    """Are two answers to one item the same? Probabilities may differ by rounding."""
    if isinstance(first, np.ndarray):
        return bool(np.allclose(np.exp(first), np.exp(second), rtol=0, atol=TOLERANCE))
    return bool(first == second)


def _method(model: TaskModel) -> str:
    if isinstance(model, Tagger):
        return "tag"
    return "transduce" if isinstance(model, Transducer) else "log_probs"
