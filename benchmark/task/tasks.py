"""The tasks, by the name that a corpus's YAML gives."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.errors import UserError, did_you_mean
from benchmark.task.contract import Classifier, Tagger, Transducer
from benchmark.task.measures import (
    ACCURACY,
    CLASS_ACCURACY,
    LOG_LOSS,
    SPAN_F1,
    SPAN_PRECISION,
    SPAN_RECALL,
    SYMBOL_ERROR,
    SYMBOL_PERPLEXITY,
    UNKNOWN_ACCURACY,
    WORD_ERROR,
    ItemMeasure,
)


@dataclass(frozen=True)
class Task:
    """A kind of labelled items: what a model of it must implement, and how its answers are measured.

    The first measure is the one that models are compared by.
    """

    name: str
    title: str
    contract: ABCMeta
    measures: tuple[ItemMeasure, ...]

    @property
    def main(self) -> ItemMeasure:
        """What models are compared by."""
        return self.measures[0]


TASKS = {
    task.name: task
    for task in (
        Task("tagging", "Tagging", Tagger, (ACCURACY, UNKNOWN_ACCURACY)),
        Task("chunking", "Finding spans", Tagger, (SPAN_F1, SPAN_PRECISION, SPAN_RECALL, ACCURACY)),
        Task("classification", "Classifying texts", Classifier, (CLASS_ACCURACY, LOG_LOSS)),
        Task(
            "transduction", "Letters to phonemes", Transducer, (SYMBOL_ERROR, WORD_ERROR, SYMBOL_PERPLEXITY)
        ),
    )
}


def reached(task: str | None, measures: Mapping[str, float]) -> str:
    """What a run of a task reached, by its main measure: `accuracy 93.84%`; empty for a language model."""
    if task not in TASKS:
        return ""
    main = TASKS[task].main
    return main.said(measures.get(main.key))


def main_loss(task: str | None, measures: Mapping[str, float]) -> float | None:
    """A number that is the lower, the better a run of a task is by its main measure; None without one."""
    main = TASKS[task].main if task in TASKS else None
    value = measures.get(main.key) if main else None
    return -value if value is not None and main is not None and main.higher_is_better else value


def task_named(name: str, where: str = "corpus.task") -> Task:
    """The task of that name. Raises UserError."""
    if name not in TASKS:
        raise UserError(f"{where}={name!r}: there is no such task. {did_you_mean(name, TASKS)}")
    return TASKS[name]
