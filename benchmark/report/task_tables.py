"""The table of a task: its methods by the main measure, with intervals, ranks, settings and costs."""

from __future__ import annotations

from benchmark import text
from benchmark.measure.measures import COSTS
from benchmark.report.context import Context
from benchmark.report.fields import (
    LABEL,
    Field,
    cells_of,
    columns_of,
    comparable_keys,
    interval_fields,
    measure_field,
    number_field,
    text_field,
)
from benchmark.report.model_settings import setting_attribute
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, with_best_cells
from benchmark.report.task_groups import FAMILIES, TaskGroup, measure_of, measure_values, over_seeds
from benchmark.report.tuned import tuned_fields
from benchmark.task.measures import ItemMeasure

RANK = "rank"


def task_table(group: TaskGroup, context: Context) -> Table:
    """Every row of a group, best first."""
    fields = _fields(group, context)
    columns = columns_of(fields)
    main = group.task.main
    rows = [
        TableRow(
            cells_of(fields, row, {RANK, main.key} if group.rank_range(row)[0] == 1 else ()),
            row.number,
            row.family,
            setting_attribute(row.settings),
        )
        for row in group.rows
    ]
    others = {measure.key for measure in group.task.measures if measure is not main}
    rows = with_best_cells(rows, columns, others | comparable_keys(COSTS, group.rows))
    return Table(
        group.name,
        f"{group.title}: {group.task.main.title}",
        columns,
        (Group(tuple(rows), corpus=group.corpus, name=group.title),),
        head=1,
        sortable=True,
        corpus=group.corpus,
    )


def _fields(group: TaskGroup, context: Context) -> list[Field[Row]]:
    main = group.task.main
    tuned, effort = tuned_fields(context)
    return [
        Field(
            Column(RANK, "#", "right"),
            lambda row: Cell(text.span(*group.rank_range(row)), float(row.rank or 0)),
        ),
        LABEL,
        text_field("family", "Family", lambda row: FAMILIES.get(row.family, row.family)),
        *(field for measure in group.task.measures for field in _measure_fields(group, measure)),
        number_field(
            "valid", f"Validation {main.title}", lambda row: measure_of(row, main, "valid"), main.text, "more"
        ),
        number_field("seeds", "Seeds", lambda row: len(measure_values(row, main)), text.amount, "more"),
        *tuned,
        *map(measure_field, COSTS),
        *effort,
        number_field("rank_best", "Best rank", lambda row: group.rank_range(row)[0], text.amount, "data"),
        number_field("rank_worst", "Worst rank", lambda row: group.rank_range(row)[1], text.amount, "data"),
    ]


def _measure_fields(group: TaskGroup, measure: ItemMeasure) -> list[Field[Row]]:
    better = "higher" if measure.higher_is_better else "lower"
    column = Column(measure.key, measure.title, "right", better=better)  # type: ignore[arg-type]
    fields: list[Field[Row]] = [
        Field(column, lambda row: Cell(over_seeds(row, measure), measure_of(row, measure)))
    ]
    return fields + (
        interval_fields(measure.key, group.interval, measure.text) if measure is group.task.main else []
    )
