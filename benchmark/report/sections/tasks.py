"""Tasks beside language modelling: of each corpus with labels, the methods by the task's main measure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmark import text
from benchmark.measure.measures import COSTS
from benchmark.report.blocks import Block, Figure, Paragraph, Section, Strong, about
from benchmark.report.context import Context
from benchmark.report.fields import (
    LABEL,
    Field,
    cells_of,
    columns_of,
    measure_field,
    number_field,
    text_field,
)
from benchmark.report.ranking_notes import model_notes
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, data_table, with_best_cells
from benchmark.report.task_groups import TaskGroup, measure_of, measure_values, task_groups
from benchmark.report.tuned import tuned_fields
from benchmark.search.record import SearchRecord
from benchmark.task.measured import zero_probability_note
from benchmark.task.measures import ItemMeasure

ORDER = 83

#: What the families are called here: not every counted method has n-grams.
FAMILIES = {"count": "counted", "neural": "neural", "mixture": "mixture"}

INTRODUCTION = (
    "What recurrent networks do beside language modelling, and the counted methods that people still choose. "
    "The best of a family is chosen on the validation items; numbers are those of the test items, means over "
    "seeds. Intervals are 95%, over blocks of neighbouring items and over seeds. Ranks are ranges where rows "
    "are not shown to differ (Holm over all pairs of a table)."
)


def build(context: Context) -> Section | None:
    blocks: list[Block] = []
    groups = task_groups(context.of_tasks)
    for group in groups:
        table = _table(group, context.tunings)
        notes: list[Block] = [Paragraph((line,), "note", group.corpus) for line in _notes(group)]
        found = [_verdict(group), table, _figure(group, table), *notes]
        blocks += about(group.corpus, found)
    shown = {row.number for group in groups for row in group.rows}
    blocks += [
        Paragraph((f"{row.label} on {row.corpus_title} has no result: {_why(row)}.",), "note", row.corpus)
        for row in context.of_tasks
        if row.number not in shown
    ]
    if not blocks:
        return None
    return Section("tasks", "Beside language modelling", (Paragraph((INTRODUCTION,)), *blocks))


def _why(row: Row) -> str:
    return "its record has no usable measures of a known task" if row.done else row.reason


def _verdict(group: TaskGroup) -> Paragraph:
    main, best = group.task.main, {family: group.best(family) for family in ("count", "neural")}
    counted, neural = best["count"], best["neural"]
    named = Strong(group.title)
    if counted is None or neural is None:
        only = counted or neural or group.rows[0]
        said = f": {only.label} has {_said(only, main)}{main.unit} ({main.name}). One family has been run."
        return Paragraph((named, said), corpus=group.corpus)
    pair = [counted, neural]
    pair.sort(key=lambda row: measure_of(row, main) or 0.0, reverse=main.higher_is_better)
    better, worse = pair
    values = [measure_of(row, main) or 0.0 for row in pair]
    parts = (
        f": {better.label} ({FAMILIES[better.family]}) has {_said(better, main)}{main.unit} and "
        f"{worse.label} ({FAMILIES[worse.family]}) {_said(worse, main)}{main.unit} ({main.name}). "
        f"{_how_sure(group, better, worse, values)}"
    )
    return Paragraph((named, parts), corpus=group.corpus)


def _how_sure(group: TaskGroup, better: Row, worse: Row, values: list[float]) -> str:
    found = None if group.drawn is None else group.drawn.ahead(better, worse)
    points = text.decimals(100 * abs(values[0] - values[1]), 2)
    if found is None:
        return f"They are {points} points apart. The runs keep no losses of items, so it has no interval."
    ahead, p = found
    low, high = (text.decimals(100 * end, 2).replace("-", "−") for end in (ahead.low, ahead.high))
    interval = f"95% interval {low} to {high}, p {_p(p)}"
    if ahead.low > 0:
        return f"That is {points} points better ({interval})."
    return f"They are {points} points apart, which does not tell them apart ({interval})."


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _said(row: Row, measure: ItemMeasure) -> str:
    return measure.over_seeds(measure_values(row, measure))


def _fields(group: TaskGroup, tunings: Sequence[SearchRecord]) -> list[Field[Row]]:
    def rank(row: Row) -> Cell:
        first, last = group.ranks.get(row.number, (row.rank or 0, row.rank or 0))
        return Cell(text.span(first, last), float(row.rank or 0))

    main = group.task.main
    return [
        Field(Column("rank", "#", "right"), rank),
        LABEL,
        text_field("family", "Family", lambda row: FAMILIES.get(row.family, row.family)),
        *(field for measure in group.task.measures for field in _measure_fields(group, measure)),
        number_field(
            "valid", f"Validation {main.title}", lambda row: measure_of(row, main, "valid"), main.text, "more"
        ),
        number_field("seeds", "Seeds", lambda row: len(measure_values(row, main)), text.amount, "more"),
        *tuned_fields(tunings),
        *map(measure_field, COSTS),
    ]


def _measure_fields(group: TaskGroup, measure: ItemMeasure) -> list[Field[Row]]:
    better = "higher" if measure.higher_is_better else "lower"
    column = Column(measure.key, measure.title, "right", better=better)  # type: ignore[arg-type]
    fields: list[Field[Row]] = [
        Field(column, lambda row: Cell(_said(row, measure), measure_of(row, measure)))
    ]
    if measure is group.task.main:
        fields.append(text_field("interval", "95% interval", lambda row: _interval(group, row)))
    return fields


def _interval(group: TaskGroup, row: Row) -> str | None:
    found = group.interval(row)
    return None if found is None else " to ".join(map(group.task.main.text, found))


def _table(group: TaskGroup, tunings: Sequence[SearchRecord]) -> Table:
    fields = _fields(group, tunings)
    columns = columns_of(fields)
    rows = [TableRow(cells_of(fields, row), row.number, row.family) for row in group.rows]
    rows = with_best_cells(rows, columns, {column.key for column in columns})
    return Table(
        f"task_{group.corpus}",
        f"{group.title}: {group.task.main.title}",
        columns,
        (Group(tuple(rows), corpus=group.corpus, name=group.title),),
        head=1,
        sortable=True,
        corpus=group.corpus,
    )


def _figure(group: TaskGroup, table: Table) -> Figure:
    from benchmark.report.figures.dots import Dot, Scale, value_dots

    main = group.task.main

    def dot(row: Row) -> Dot:
        value, said = measure_of(row, main) or 0.0, _said(row, main)
        return Dot(row.number, row.label, row.family, value, group.interval(row), None, said)

    dots, scale = list(map(dot, group.rows)), Scale(f"Test {main.name}, %", _tick)
    side = "right" if main.higher_is_better else "left"
    best = group.rows[0]
    return Figure(
        f"task_{group.corpus}",
        f"{group.title}: {main.title}",
        f"{main.title} on the test items of {group.title}; further {side} is better. A line is the 95% "
        "interval. Behind ± is the standard deviation over seeds.",
        f"Dot plot of {len(dots)} methods on {group.title}. Best: {best.label} with {_said(best, main)}.",
        partial(value_dots, dots, scale),
        data_table(table.name, table.columns, list(table.groups[0].rows)),
        group.corpus,
    )


def _tick(value: float | None) -> str:
    return text.significant(100 * (value or 0.0), 3)


def _notes(group: TaskGroup) -> list[str]:
    """What a reader should know beside the numbers."""
    return [
        *_new_labels(group),
        *_zero_probabilities(group),
        *model_notes(group.rows),
        *_copies(group),
        *_published(group),
    ]


def _copies(group: TaskGroup) -> list[str]:
    share = group.rows[0].first.test_copied
    if not share:
        return []
    return [f"Of the test items, {text.percent(share)} have the words of a training item."]


def _new_labels(group: TaskGroup) -> list[str]:
    """How many items no model can answer; those of rows that learnt from a share of the items may be more."""
    recorded = (run.result.test_new_labels for row in group.rows for run in row.runs)
    numbers = {number for number in recorded if number is not None}
    if not any(numbers):
        return []
    items = text.amount(group.rows[0].first.test_items)
    return [
        f"Test items with a label that no training item has: {text.span(min(numbers), max(numbers))} of "
        f"{items}. No answer to them is right."
    ]


def _zero_probabilities(group: TaskGroup) -> list[str]:
    """Why a measure is infinite, as of a model that gives a right answer probability 0."""
    found = {row.label: note for row in group.rows if (note := _first_note(row))}
    said = "; ".join(f"{label}, {note}" for label, note in found.items())
    return [f"Infinite: {said}."] if found else []


def _first_note(row: Row) -> str:
    return next((note for run in row.runs if (note := zero_probability_note(run.result))), "")


def _published(group: TaskGroup) -> list[str]:
    measures = {measure.key: measure for measure in group.task.measures}
    numbers = [each for each in group.rows[0].first.published if each.get("measure") in measures]
    if not numbers:
        return []
    parts = [
        f"{text.clean(each.get('model'))} {measures[each['measure']].text(each.get('value'))} "
        f"({measures[each['measure']].title}; {text.clean(each.get('source'))}; "
        f"{text.clean(each.get('protocol'))})"
        for each in numbers
    ]
    return [f"Published: {'; '.join(parts)}."]
