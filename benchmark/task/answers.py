"""What models of tasks answer, held to the contract, and the answers made ready to be measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmark.check.answers import UnusableAnswer, kind_of
from benchmark.task.contract import Classifier, Tagger, TaskModel, Transducer
from benchmark.task.items import Input, Items, inputs_of
from benchmark.task.measures import Answered

#: How far the sum of a text's class probabilities may be from 1, and two ln p of one event from each other.
TOLERANCE = 1e-4


def answers_of(model: TaskModel, inputs: Sequence[Input]) -> Any:
    """The model's answers, usable: sequences of labels, or ln p of classes. Raises UnusableAnswer."""
    if isinstance(model, Tagger):
        return _tags(model, inputs)
    if isinstance(model, Classifier):
        return _classes(model, inputs)
    assert isinstance(model, Transducer)
    return _sequences("transduce", model.transduce(inputs), len(inputs))


def answered(model: TaskModel, items: Items, known: frozenset[str], answers: Any = None) -> Answered:
    """Items with the model's answers, and with all else that the measures of its task ask. Raises
    UnusableAnswer."""
    inputs = inputs_of(items)
    answers = answers_of(model, inputs) if answers is None else answers
    log_probs = None
    if isinstance(model, Transducer):
        log_probs = _log_probs(model.log_prob(inputs, [item.target for item in items]), len(items))
    classes = tuple(model.classes) if isinstance(model, Classifier) else ()
    return Answered(items, answers, known, classes, log_probs)


def readable(model: TaskModel, answers: Any) -> list[tuple[str, ...]]:
    """Each answer as labels: those of a classifier are its most probable classes."""
    if isinstance(model, Classifier):
        return [(model.classes[number],) for number in answers.argmax(axis=1).tolist()]
    return list(answers)


def _tags(model: Tagger, inputs: Sequence[Input]) -> list[tuple[str, ...]]:
    tags = _sequences("tag", model.tag(inputs), len(inputs))
    for number, (answer, given) in enumerate(zip(tags, inputs, strict=True)):
        if len(answer) != len(given.tokens):
            raise UnusableAnswer(
                "tag", f"gives input {number} {len(answer)} tags for its {len(given.tokens)} tokens"
            )
    return tags


def _classes(model: Classifier, inputs: Sequence[Input]) -> np.ndarray:
    found = model.log_probs(inputs)
    expected = (len(inputs), len(model.classes))
    if not isinstance(found, np.ndarray) or found.dtype != np.float64:
        kind = f"an array of {found.dtype}" if isinstance(found, np.ndarray) else kind_of(found)
        raise UnusableAnswer("log_probs", f"returned {kind}; it must return a NumPy array of float64")
    if found.shape != expected:
        raise UnusableAnswer("log_probs", f"has shape {found.shape}, not [inputs, classes] = {expected}")
    sums = np.exp(found).sum(axis=1)
    off = ~(np.abs(sums - 1) <= TOLERANCE)
    if off.any():
        at = int(off.argmax())
        raise UnusableAnswer(
            "log_probs", f"gives input {at} probabilities that add up to {sums[at]:.6g}, not 1"
        )
    return found


def _sequences(method: str, found: object, inputs: int) -> list[tuple[str, ...]]:
    if not isinstance(found, list) or len(found) != inputs:
        what = f"{len(found)} answers" if isinstance(found, list) else kind_of(found)
        raise UnusableAnswer(
            method, f"returned {what}; it must return a list with one for each of {inputs} inputs"
        )
    for number, answer in enumerate(found):
        if not isinstance(answer, tuple) or not all(isinstance(label, str) for label in answer):
            raise UnusableAnswer(
                method, f"answers input {number} with {answer!r:.60}; it must be a tuple of text"
            )
    return found


def _log_probs(found: object, inputs: int) -> np.ndarray:
    if not isinstance(found, np.ndarray) or found.shape != (inputs,):
        what = f"an array of shape {found.shape}" if isinstance(found, np.ndarray) else kind_of(found)
        raise UnusableAnswer(
            "log_prob", f"returned {what}; it must return one ln p for each of {inputs} inputs"
        )
    if np.isnan(found).any() or found.max(initial=-np.inf) > TOLERANCE:
        raise UnusableAnswer("log_prob", "gives NaN, or a probability above 1")
    return found.astype(np.float64)
