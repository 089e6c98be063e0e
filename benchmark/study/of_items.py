"""What studies of tasks measure: a setting beside another by the losses of the items that both answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from benchmark import text
from benchmark.errors import UserError
from benchmark.report.tables import Table
from benchmark.statistics.bootstrap import bootstrap
from benchmark.study.charts import plain_table
from benchmark.study.evidence import StudyRun
from benchmark.study.quantities import Quantity
from benchmark.task.item_losses import in_blocks, recorded_losses
from benchmark.task.measures import ItemMeasure
from benchmark.task.tasks import TASKS


def item_losses(run: StudyRun, key: str) -> np.ndarray:
    """The losses of a run's test items by a measure, and what each is counted by: float64 [2, items]."""
    measures = TASKS[str(run.result.task)].measures
    measure = next(each for each in measures if each.key == key)
    found = recorded_losses(run.folder, run.result, measure)
    if found is None:
        raise UserError(f"{run.folder} keeps no losses of its items; force=true makes them")
    return found


def gain(
    runs: Sequence[StudyRun],
    others: Sequence[StudyRun],
    key: str | None = None,
    where: np.ndarray | None = None,
) -> dict[str, Any]:
    """By how much the mean loss of a setting is below that of another, each over its seeds, as plain data.

    A loss is a share of wrong answers, or nats; the measure is the task's main one unless `key` names
    another. `where` chooses items: bool [items]. Blocks of neighbouring items, the same for both, and seeds
    are drawn anew. `Quantity(**…)` reads it.
    """
    key = key or main_measure(runs[0]).key
    rows = [_blocks(some, key, where) for some in (runs, others)]
    drawn = bootstrap([row[:, 0] for row in rows], np.stack([row[:, 1].mean(axis=0) for row in rows]))
    found = drawn.combined([-1.0, 1.0])
    basis = f"{text.plural(drawn.blocks, 'block')} of items, {text.plural(max(drawn.seeds), 'seed')}"
    return vars(Quantity(found.value, found.low, found.high, basis))


def _blocks(runs: Sequence[StudyRun], key: str, where: np.ndarray | None) -> np.ndarray:
    """Sums over blocks of items: [seeds, 2, blocks]."""
    losses = [item_losses(run, key) for run in runs]
    return np.stack([in_blocks(each if where is None else each[:, where]) for each in losses])


def main_measure(run: StudyRun) -> ItemMeasure:
    """What runs of the task are compared by."""
    return TASKS[str(run.result.task)].main


def reached(groups: Mapping[str, Sequence[StudyRun]]) -> list[dict[str, Any]]:
    """What each named setting reached, as plain data: `name`, `family`, `parameters`, `train_seconds`, and
    over its seeds the `values` of every measure of the task by its key."""
    return [
        {
            "name": name,
            "family": runs[0].result.family,
            "parameters": runs[0].result.parameters or runs[0].result.entries,
            "train_seconds": fmean(run.result.train_seconds or 0.0 for run in runs),
            "values": {
                measure.key: [run.result.test_measures.get(measure.key) for run in runs]
                for measure in TASKS[str(runs[0].result.task)].measures
            },
        }
        for name, runs in groups.items()
    ]


def reached_table(
    name: str, caption: str, heading: str, task: str, rows: Sequence[Mapping[str, Any]]
) -> Table:
    """A table of what settings reached: every measure of the task, with its standard deviation over seeds."""
    measures = TASKS[task].measures
    return plain_table(
        name,
        f"{caption} Means over seeds, with the standard deviation behind ±.",
        [
            (heading, None),
            *((measure.title, None) for measure in measures),
            ("Numbers in the model", text.amount),
            ("Training", text.duration),
        ],
        [
            [
                row["name"],
                *(measure.over_seeds(_known(row["values"][measure.key])) for measure in measures),
                row["parameters"],
                row["train_seconds"],
            ]
            for row in rows
        ],
    )


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]
