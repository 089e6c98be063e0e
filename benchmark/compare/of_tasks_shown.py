"""A comparison of runs of a task in words and tables, and as JSON."""

from __future__ import annotations

from typing import Any

from benchmark import text
from benchmark.compare.named_rows import one_seed_note
from benchmark.compare.of_tasks import Measured, TaskComparison
from benchmark.report.blocks import Block, Definitions, Paragraph, Section
from benchmark.report.fields import (
    LABEL,
    Field,
    cells_of,
    columns_of,
    interval_fields,
    number_field,
)
from benchmark.report.tables import Cell, Column, Group, Table, TableRow
from benchmark.statistics import LEVEL, ROUNDING
from benchmark.statistics.bootstrap import RESAMPLES, SEED, Estimate
from benchmark.task.item_losses import blocks_of_items
from benchmark.task.measures import ItemMeasure


def sections(compared: TaskComparison) -> list[Section]:
    """The answer by the main measure, a table of each measure, and how to read them."""
    answer: list[Block] = [Paragraph((line,), "answer") for line in sentences(compared)]
    answer += [Paragraph((line,), "note") for line in _basis(compared)]
    tables = tuple(_table(compared, measure) for measure in compared.task.measures)
    return [
        Section("answer", "The answer", tuple(answer)),
        Section("measures", "Measures", tables),
        Section("rules", "How to read this", (Definitions(tuple(_rules(compared))),)),
    ]


def sentences(compared: TaskComparison) -> list[str]:
    """What is known of each row but the first by the main measure."""
    first, *others = compared.by(compared.task.main)
    return [_sentence(first, other) for other in others]


def _sentence(first: Measured, other: Measured) -> str:
    measure, difference = other.measure, other.difference
    names = f"{other.row.label} and {first.row.label}"
    both = f"{measure.name} of {_said(other)} and {_said(first)}"
    if difference is None:
        return f"{names}: {both}. The runs keep no losses of items, so it is not known how sure that is."
    ends, p = difference.shown, difference.p
    sure = "" if p is None else f", {text.p_said(p)}"
    known = (
        f"{measure.signed(ends.value)}{measure.unit_of_differences} ({LEVEL:.0%} interval "
        f"{measure.signed(ends.low)} to {measure.signed(ends.high)}{sure}); {both}."
    )
    if not difference.is_sure:
        return f"{names} are not shown to differ: {known}"
    better = "better" if difference.loss.value < 0 else "worse"
    return f"{other.row.label} is {better} than {first.row.label}: {known}"


def _said(measured: Measured) -> str:
    return f"{measured.measure.text(measured.value)}{measured.measure.unit}"


def _basis(compared: TaskComparison) -> list[str]:
    """What was answered, what is drawn of it, and whose other seeds nothing is known of."""
    first = compared.rows[0]
    line = f"{first.corpus_title}: {compared.items:,} test items (protocol {first.protocol_id[:6]})."
    main = compared.by(compared.task.main)
    if not any(each.seeds for each in main):
        return [line]
    several = [f"{each.seeds:,} seeds of {each.row.label}" for each in main if each.seeds > 1]
    over = text.listed([blocks_of_items(compared.items), *several])
    return [f"{line} Intervals and p-values are over {over}.", *one_seed_note(compared.rows)]


def _table(compared: TaskComparison, measure: ItemMeasure) -> Table:
    fields = _fields(measure, len(compared.rows) > 2)
    rows = [
        TableRow(cells_of(fields, each), each.row.number, each.row.family) for each in compared.by(measure)
    ]
    better = "better" if measure.higher_is_better else "worse"
    caption = f"{measure.title}. Differences are to the first row: + is {better} than it."
    return Table(measure.key, caption, columns_of(fields), (Group(tuple(rows)),), head=0)


def _fields(measure: ItemMeasure, several: bool) -> list[Field[Measured]]:
    title = ",".join(filter(None, ("Difference", measure.unit_of_differences)))

    def ends(each: Measured) -> tuple[float, float] | None:
        return (each.difference.shown.low, each.difference.shown.high) if each.difference else None

    def value(each: Measured) -> float | None:
        return each.difference.shown.value if each.difference else None

    def p(each: Measured) -> Cell:
        found = each.difference.p if each.difference else None
        return Cell(text.p_value(found), found)

    return [
        Field(LABEL.column, lambda each: LABEL.cell(each.row)),
        number_field("value", measure.title, lambda each: each.value, measure.text),
        *interval_fields("value", lambda each: each.interval, measure.text),
        number_field("difference", title, value, measure.signed),
        *interval_fields("difference", ends, measure.signed),
        Field(Column("p", "p (Holm)" if several else "p", "right"), p),
    ]


def _rules(compared: TaskComparison) -> list[tuple[str, str]]:
    """Terms and rules of these tables."""
    rules = [
        (
            f"{LEVEL:.0%} interval",
            f"A bootstrap: {blocks_of_items(compared.items)}, the same for all rows, and the seeds of each "
            f"row are drawn anew {RESAMPLES:,} times. It says what other items of this kind and other seeds "
            "would give, with the same training items and settings.",
        ),
        (
            "p",
            "How often rows that are alike would differ by so much, by Student's t over items and seeds. Two "
            f"are said to differ if it is below {1 - LEVEL:.2f} and their mean losses are more than "
            f"{ROUNDING:g} apart; of others, no p is told, which would be of rounding.",
        ),
    ]
    if len(compared.rows) > 2:
        number = len(compared.rows) - 1
        rules.append(("p (Holm)", f"p adjusted for the {number} differences of a measure (Holm 1979)."))
    return rules


def as_json(compared: TaskComparison) -> dict[str, Any]:
    """The comparison for other programs. A difference is the row's measure less the first row's; where the
    loss difference is below zero, the row is better."""
    return {
        "task": compared.task.name,
        "items": compared.items,
        "drawn": blocks_of_items(compared.items),
        "level": LEVEL,
        "resamples": RESAMPLES,
        "resampling_seed": SEED,
        "answer": sentences(compared),
        "measures": [_measured_json(each) for each in compared.measured],
    }


def _measured_json(each: Measured) -> dict[str, Any]:
    found = each.difference
    return {
        "measure": each.measure.key,
        "higher_is_better": each.measure.higher_is_better,
        "label": each.row.label,
        "runs": [run.folder.name for run in each.row.runs],
        "seeds": [run.result.seed for run in each.row.runs],
        "value": each.value,
        "interval": each.interval,
        "difference": found and found.shown.value,
        "difference_interval": found and _ends(found.shown),
        "loss_difference": found and found.loss.value,
        "loss_difference_interval": found and _ends(found.loss),
        "p": found and found.p,
    }


def _ends(estimate: Estimate) -> tuple[float, float]:
    return estimate.low, estimate.high
