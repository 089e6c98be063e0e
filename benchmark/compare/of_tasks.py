"""Runs of a task compared: every measure with its interval, and how far the others are from the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark import text
from benchmark.compare.named_rows import distinct, named_rows
from benchmark.errors import UserError
from benchmark.record.folder import RunRecord
from benchmark.report.blocks import Section
from benchmark.report.fields import LABEL, Field, cells_of, columns_of, number_field, text_field
from benchmark.report.rows import Row
from benchmark.report.tables import Group, Table, TableRow
from benchmark.report.task_groups import Drawn, drawn, measure_of
from benchmark.statistics.randomisation import holm
from benchmark.task.measures import ItemMeasure
from benchmark.task.tasks import Task, task_named


@dataclass(frozen=True)
class Difference:
    """A measure of a row, and how far its mean loss is from the first row's. `p` is after Holm's correction
    over the differences of the measure; there is none where the runs keep no losses of items."""

    row: Row
    measure: ItemMeasure
    value: float | None
    interval: tuple[float, float] | None
    difference: float | None = None
    ends: tuple[float, float] | None = None
    p: float | None = None


def compare_task_runs(runs: Sequence[RunRecord]) -> list[Difference]:
    """Every measure of runs of one task on the same items, the first run's first (of seeds, see
    `named_rows`).

    A difference is that of mean losses: a share of wrong answers, or nats. Raises UserError for fewer than
    two runs, runs without a result, and runs that answered other items.
    """
    runs = distinct(runs)
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
    return [found for measure in task.measures for found in _by(measure, rows)]


def _by(measure: ItemMeasure, rows: Sequence[Row]) -> list[Difference]:
    first, *others = rows
    losses = drawn(rows, measure)
    found = [Difference(first, measure, measure_of(first, measure), _interval(losses, first))]
    pairs = [losses.ahead(first, other) if losses else None for other in others]
    adjusted = iter(holm(np.array([pair[1] for pair in pairs if pair])).tolist())
    for other, pair in zip(others, pairs, strict=True):
        base = (other, measure, measure_of(other, measure), _interval(losses, other))
        if pair is None:
            found.append(Difference(*base))
        else:
            ahead = pair[0]
            found.append(Difference(*base, ahead.value, (ahead.low, ahead.high), next(adjusted)))
    return found


def _interval(losses: Drawn | None, row: Row) -> tuple[float, float] | None:
    return losses.interval(row) if losses else None


def sections(found: Sequence[Difference]) -> list[Section]:
    """The comparison as a table of each measure."""
    tables = []
    for measure in dict.fromkeys(each.measure for each in found):
        fields = _fields(measure)
        rows = [
            TableRow(cells_of(fields, each), each.row.number, each.row.family)
            for each in found
            if each.measure is measure
        ]
        tables.append(Table(measure.key, measure.title, columns_of(fields), (Group(tuple(rows)),), head=0))
    return [Section("measures", "Measures", tuple(tables))]


def _fields(measure: ItemMeasure) -> list[Field[Difference]]:
    digits, scale, unit = (2, 100, "points") if measure.unit == "%" else (4, 1, "nats")

    def shown(value: float | None) -> str:
        return text.signed(None if value is None else scale * value, digits)

    def both(ends: tuple[float, float] | None, show: Any) -> str | None:
        return None if ends is None else " to ".join(map(show, ends))

    return [
        Field(LABEL.column, lambda each: LABEL.cell(each.row)),
        number_field("value", measure.title, lambda each: each.value, measure.text),
        text_field("interval", "95% interval", lambda each: both(each.interval, measure.text)),
        number_field("loss_difference", f"Loss over the first, {unit}", lambda each: each.difference, shown),
        text_field("difference_interval", "95% interval", lambda each: both(each.ends, shown)),
        number_field("p", "p (Holm)", lambda each: each.p, text.three_decimals),
    ]


def as_json(found: Sequence[Difference], task: Task) -> dict[str, Any]:
    """The comparison for other programs."""
    return {
        "task": task.name,
        "measures": [
            {
                "measure": each.measure.key,
                "label": each.row.label,
                "runs": [run.folder.name for run in each.row.runs],
                "value": each.value,
                "interval": each.interval,
                "loss_difference": each.difference,
                "loss_difference_interval": each.ends,
                "p": each.p,
            }
            for each in found
        ],
    }
