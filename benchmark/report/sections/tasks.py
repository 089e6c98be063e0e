"""Tasks beside language modelling: of each corpus with labels, the methods by the task's main measure."""

from __future__ import annotations

from functools import partial

from benchmark import text
from benchmark.report.blocks import Block, Figure, Paragraph, Section, about
from benchmark.report.context import Context
from benchmark.report.ranking_notes import model_notes
from benchmark.report.rows import Row
from benchmark.report.tables import Table, data_table
from benchmark.report.task_groups import FAMILIES, TaskGroup, measure_of, over_seeds, why_unranked
from benchmark.report.task_tables import task_table
from benchmark.report.task_verdict import task_verdict
from benchmark.task.measured import zero_probability_note

ORDER = 83

INTRODUCTION = (
    "What recurrent networks do beside language modelling, and the counted methods that people still choose. "
    "The best of a family is chosen on the validation items; numbers are those of the test items, means over "
    "seeds. Intervals are 95%, over blocks of neighbouring items and over seeds. Ranks are ranges where rows "
    "are not shown to differ (Holm over all pairs of a table). All rows that share the first place are bold."
)


def build(context: Context) -> Section | None:
    blocks: list[Block] = []
    for group in context.task_groups:
        # without language models, the verdicts are the answer of the whole report
        verdict = [] if context.tasks_alone else [task_verdict(group)]
        table = task_table(group, context)
        notes: list[Block] = [Paragraph((line,), "note", group.corpus) for line in _notes(group)]
        blocks += about(group.corpus, [*verdict, table, _figure(group, table), *notes])
    blocks += [
        Paragraph(
            (f"{row.label} on {row.corpus_title} has no result: {why_unranked(row)}.",), "note", row.corpus
        )
        for row in context.unranked_of_tasks
    ]
    if not blocks:
        return None
    return Section("tasks", "Beside language modelling", (Paragraph((INTRODUCTION,)), *blocks))


def _figure(group: TaskGroup, table: Table) -> Figure:
    from benchmark.report.figures.dots import Dot, Scale, interval_over, value_dots

    main = group.task.main

    def dot(row: Row) -> Dot:
        value, said = measure_of(row, main) or 0.0, over_seeds(row, main)
        line = interval_over("items", row)
        return Dot(row.number, row.label, row.family, value, group.interval(row), None, said, line)

    dots, scale = list(map(dot, group.rows)), Scale(f"Test {main.name}, %", _tick, _points)
    side = "right" if main.higher_is_better else "left"
    best = group.rows[0]
    return Figure(
        group.name,
        f"{group.title}: {main.title}",
        f"{main.title} on the test items of {group.title}; further {side} is better. A line is the 95% "
        "interval. Behind ± is the standard deviation over seeds.",
        f"Dot plot of {len(dots)} methods on {group.title}. Best: {best.label} with "
        f"{over_seeds(best, main)}.",
        partial(value_dots, dots, scale, FAMILIES),
        data_table(table.name, table.columns, list(table.groups[0].rows)),
        group.corpus,
    )


def _tick(value: float | None) -> str:
    return text.significant(100 * (value or 0.0), 3)


def _points(value: float | None) -> str:
    """A share as tables of tasks write it."""
    return text.decimals(100 * (value or 0.0), 2)


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
