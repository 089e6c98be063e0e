"""Runs of a task compared: every measure with its interval, and how far the others are from the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.compare.named_rows import distinct, named_rows
from benchmark.errors import UserError
from benchmark.record.folder import RunRecord
from benchmark.report.rows import Row
from benchmark.report.task_groups import Drawn, drawn, measure_of
from benchmark.statistics import p_of, shown_to_differ
from benchmark.statistics.bootstrap import Estimate
from benchmark.statistics.randomisation import holm
from benchmark.task.measures import ItemMeasure
from benchmark.task.tasks import Task, task_named


@dataclass(frozen=True)
class Difference:
    """How a row differs from the first by a measure.

    `shown` is the difference of the measure itself, `loss` that of the mean losses: a share of wrong answers,
    or nats; below zero, the row is better. `p` is after Holm's correction over the differences of the
    measure; None where the losses are no further apart than rounding brings them.
    """

    shown: Estimate
    loss: Estimate
    p: float | None

    @property
    def is_sure(self) -> bool:
        """Whether the two are shown to differ."""
        return shown_to_differ(self.loss.value, self.p)


@dataclass(frozen=True)
class Measured:
    """A measure of a row. There is no interval, and no difference, where the runs keep no losses of items;
    `seeds` says how many do."""

    row: Row
    measure: ItemMeasure
    value: float | None
    interval: tuple[float, float] | None
    seeds: int = 0
    difference: Difference | None = None


@dataclass(frozen=True)
class TaskComparison:
    """Rows that answered the same items. `measured` has every measure of the task, and by each of them every
    row, the first one first."""

    task: Task
    rows: tuple[Row, ...]
    measured: tuple[Measured, ...]

    @property
    def items(self) -> int:
        """How many test items they answered."""
        return self.rows[0].first.test_items or 0

    def by(self, measure: ItemMeasure) -> list[Measured]:
        """What a measure says of each row."""
        return [each for each in self.measured if each.measure is measure]


def compare_task_runs(runs: Sequence[RunRecord]) -> TaskComparison:
    """Runs of one task on the same items by every measure, the first run's row first (of seeds, see
    `named_rows`).

    Raises UserError for fewer than two runs, runs without a result, runs of another task or of a language
    model, and runs that answered other items.
    """
    runs = distinct(runs)
    _check_tasks(runs)
    for run in runs:
        result = run.result
        if result.status != "ok":
            raise UserError(f"{result.label} ({run.folder.name}) has no result: {result.status}")
        if result.protocol_id != runs[0].result.protocol_id:
            raise UserError(
                f"{runs[0].result.label} on {runs[0].result.corpus} and {result.label} on {result.corpus} "
                "answered different items"
            )
    rows = named_rows(runs)
    task = task_named(str(runs[0].result.task), "the record's task")
    measured = tuple(found for measure in task.measures for found in _by(measure, rows))
    return TaskComparison(task, tuple(rows), measured)


def _check_tasks(runs: Sequence[RunRecord]) -> None:
    """Raises UserError where runs are of different tasks, or some are of language models."""
    first = runs[0].result
    for run in runs[1:]:
        result = run.result
        if result.task != first.task:
            is_what = [
                f"{one.label} on {one.corpus} "
                + (
                    "is a language model"
                    if one.task is None
                    else f"answers labelled items (task: {one.task})"
                )
                for one in (first, result)
            ]
            raise UserError(f"{' and '.join(is_what)}: name runs of one kind")


def _by(measure: ItemMeasure, rows: Sequence[Row]) -> list[Measured]:
    first, *others = rows
    losses = drawn(rows, measure)
    differences = [None, *_differences(losses, first, others)]
    return [
        Measured(
            row,
            measure,
            measure_of(row, measure),
            losses.interval(row) if losses else None,
            losses.seeds(row) if losses else 0,
            difference,
        )
        for row, difference in zip(rows, differences, strict=True)
    ]


def _differences(losses: Drawn | None, first: Row, others: Sequence[Row]) -> list[Difference | None]:
    ahead = [losses.ahead(first, other) if losses else None for other in others]
    adjusted = iter(holm(np.array([found[1] for found in ahead if found])).tolist())
    return [
        Difference(losses.difference(first, other), found[0], p_of(found[0].value, next(adjusted)))
        if losses and found
        else None
        for other, found in zip(others, ahead, strict=True)
    ]
