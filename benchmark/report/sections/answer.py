"""The answer first: which family wins, by how much, and at what price."""

from __future__ import annotations

from benchmark import text
from benchmark.report.blocks import Block, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, number_cell, text_cell
from benchmark.report.verdict import (
    COSTS,
    quotient,
    single_family_sentence,
    summary_sentence,
    verdict_sentence,
)

ORDER = 0

ABOUT = (
    "Test perplexity is how many equally likely next words a model hesitates between, on text it has not "
    "seen: lower is better. Models are compared only where they predict the same words of the same text."
)

COLUMNS = (
    Column("corpus", "Corpus", level="data"),
    Column("best", ""),
    Column("label", "Model"),
    Column("test_perplexity", "Test perplexity", "right"),
    *(Column(cost.key, cost.title, "right") for cost in COSTS),
)


def build(context: Context) -> Section | None:
    groups = [group for group in context.ranked_groups if group.best("count") or group.best("neural")]
    if not groups:
        return None
    main = [group for group in groups if group.best("count") and group.best("neural")] or groups
    blocks: list[Block]
    if len(main) > 2 and all(group.best("count") and group.best("neural") for group in main):
        blocks = [
            Paragraph((summary_sentence(main),), "answer"),
            *(Paragraph(verdict_sentence(group)) for group in main),
        ]
    else:
        blocks = [Paragraph(verdict_sentence(group), "answer") for group in main]
    others = [group for group in groups if group not in main]
    if others:
        blocks.append(Paragraph(single_family_sentence(others), "note"))
    blocks.append(Paragraph((ABOUT,), "note"))
    caption = (
        "The best row of each family, by test perplexity (lower is better). "
        "The last line of each corpus divides neural by counted."
    )
    tabled = tuple(_group(group, titled=len(main) > 1) for group in main)
    blocks.append(Table("answer", caption, COLUMNS, tabled, head=1))
    return Section("answer", "The answer", tuple(blocks))


def _group(group: RankedGroup, titled: bool) -> Group:
    best = {family: group.best(family) for family in FAMILY_NAMES}
    rows = [_row(group, family, row) for family, row in best.items() if row]
    counted, neural = best["count"], best["neural"]
    if counted and neural:
        rows.append(_ratios(group, counted, neural))
    return Group(tuple(rows), group.title if titled else "", corpus=group.corpus)


def _row(group: RankedGroup, family: str, row: Row) -> TableRow:
    cells = (
        text_cell(group.title),
        text_cell(f"Best {FAMILY_NAMES[family]}"),
        text_cell(row.label),
        number_cell(row.perplexity, text.perplexity),
        *(number_cell(cost.of(row), cost.show) for cost in COSTS),
    )
    return TableRow(cells, row.number, family, best=row.rank == 1)


def _ratios(group: RankedGroup, counted: Row, neural: Row) -> TableRow:
    same = counted.machine == neural.machine
    quotients = [number_cell(quotient(neural.perplexity, counted.perplexity), text.times)]
    for cost in COSTS:
        comparable = same or cost.key == "bytes_in_memory"
        value = quotient(cost.of(neural), cost.of(counted)) if comparable else None
        quotients.append(number_cell(value, text.times))
    return TableRow((text_cell(group.title), text_cell("Neural ÷ counted"), Cell("", ""), *quotients))
