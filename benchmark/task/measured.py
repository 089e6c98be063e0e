"""What a run records of the answers to some items: the measures of its task, and items of probability 0."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmark import text
from benchmark.record.result import Result
from benchmark.task.measures import Answered, calibration_error, right_classes
from benchmark.task.tasks import TASKS, Task

#: Losses of items by the key of a measure: float64 [2, items] (see `ItemMeasure`).
Losses = Mapping[str, np.ndarray]


def losses_of(task: Task, found: Answered) -> Losses:
    """The losses of each item by every measure of its task."""
    return {measure.key: measure.losses(found) for measure in task.measures}


def measured(task: Task, found: Answered, losses: Losses) -> dict[str, float]:
    """The measures of a task on some items, by key; one that counts nothing is left out.

    Where items have probability 0, `nonzero_key` of the measure has the value over the others.
    """
    values: dict[str, float | None] = {}
    for measure in task.measures:
        of_items = losses[measure.key]
        values[measure.key] = measure.value(of_items)
        possible = np.isfinite(of_items[0])
        if not possible.all():
            values[measure.nonzero_key] = measure.value(of_items[:, possible])
    if found.classes:
        values["calibration_error"] = calibration_error(found.answers, right_classes(found))
    return {key: value for key, value in values.items() if value is not None}


def zero_probabilities(losses: Losses) -> int:
    """How many items have a right answer with probability 0."""
    return int(np.any([np.isinf(of_items[0]) for of_items in losses.values()], axis=0).sum())


def zero_probability_note(result: Result) -> str:
    """`log loss ∞: 3 of 500 items have probability 0 (the others: 0.583)`; empty where none has."""
    if not result.test_zero_probabilities or result.task not in TASKS:
        return ""
    zeros, items = result.test_zero_probabilities, text.amount(result.test_items)
    said = []
    for measure in TASKS[result.task].measures:
        if result.test_measures.get(measure.key) == np.inf:
            rest = result.test_measures.get(measure.nonzero_key)
            others = "" if rest is None else f" (the others: {measure.text(rest)})"
            said.append(f"{measure.name} ∞: {zeros:,} of {items} items have probability 0{others}")
    return "; ".join(said)


def new_labels_note(result: Result) -> str:
    """`1 test item has a label that no training item has: no answer …`; empty where no item has one."""
    found = {"validation": result.valid_new_labels or 0, "test": result.test_new_labels or 0}
    if not any(found.values()):
        return ""
    said = " and ".join(text.plural(number, f"{name} item") for name, number in found.items() if number)
    has = "has" if sum(found.values()) == 1 else "have"
    return f"{said} {has} a label that no training item has: no answer to them is right"
