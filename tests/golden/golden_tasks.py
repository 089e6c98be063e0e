"""The models of tasks: what they answer to made-up items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from golden_scores import one_thread_in_float64
from named_models import TASK_MODELS

from benchmark.build import build_task_model, task_model_class
from benchmark.contract import RunLog
from benchmark.sweep.compose import Collector
from benchmark.task.answers import answers_of
from benchmark.task.check import made_up
from benchmark.task.contract import Classifier, Transducer
from benchmark.task.items import inputs_of, labels_of
from benchmark.task.tasks import TASKS

#: Settings of networks that are made smaller: a few steps are enough to tell one from another.
SMALLER = {"hidden_size": 8, "embedding_size": 6, "character_size": 4, "filters": 4, "given_size": 3}
SMALLER |= {"epochs": 2, "language_model_epochs": 1}
ITEMS = 40


@dataclass(frozen=True)
class TaskCase:
    """A model for a task."""

    task: str
    settings: dict[str, Any]


@cache
def task_cases() -> dict[str, TaskCase]:
    """Every shipped model of a task, for each task that it is for."""
    collector = Collector()
    found = {}
    for name in TASK_MODELS:
        (job,) = collector.jobs([f"model={name}"])
        kind = task_model_class(job.config["model"])
        assert kind is not None
        for task in kind.tasks:
            found[f"{name} ({task})"] = TaskCase(task, _smaller(job.config["model"]))
    return found


def task_scores(case: TaskCase) -> np.ndarray:
    """ln p of classes or of right outputs, or the numbers of tags: of the first made-up items."""
    train, valid = made_up(case.task)
    with one_thread_in_float64():
        model = build_task_model(case.settings, TASKS[case.task])
        model.fit(train[:ITEMS], valid[:10], RunLog())
        inputs = inputs_of(valid[:10])
        if isinstance(model, Transducer):
            return model.log_prob(inputs, [item.target for item in valid[:10]])
        answers = answers_of(model, inputs)
    if isinstance(model, Classifier):
        return np.asarray(answers).ravel()
    numbers = {label: number for number, label in enumerate(labels_of(train))}
    return np.array([numbers[tag] for tags in answers for tag in tags], dtype=np.float64)


def _smaller(settings: Any) -> Any:
    if not isinstance(settings, dict):
        return settings
    return {
        key: min(value, SMALLER[key]) if key in SMALLER and isinstance(value, int) else _smaller(value)
        for key, value in settings.items()
    }
