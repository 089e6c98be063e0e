"""The answer first: which family wins, by how much, and at what cost."""

from __future__ import annotations

from benchmark import text
from benchmark.measure.measures import COSTS, TEST_PERPLEXITY
from benchmark.report.blocks import Block, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.fields import LABEL, cells_of, columns_of, measure_field
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, number_cell, text_cell
from benchmark.report.verdict import (
    cost_quotient,
    quotient,
    single_family_sentence,
    summary_sentence,
    verdict_sentences,
)

ORDER = 0

ABOUT = (
    "Test perplexity is the number of equally likely next words a model hesitates between, on text it has "
    "not seen; lower is better. Models are compared only where they predict the same words of the same text."
)
#: What is shown of the best row of each family.
FIELDS = (LABEL, measure_field(TEST_PERPLEXITY), *map(measure_field, COSTS))


def build(context: Context) -> Section | None:
    groups = [group for group in context.ranked_groups if group.best("count") or group.best("neural")]
    if not groups:
        return None
    compared = [group for group in groups if group.best("count") and group.best("neural")]
    main = compared or groups
    blocks: list[Block]
    if len(compared) > 2:
        blocks = [Paragraph((summary_sentence(compared),), "answer")]
        blocks += [Paragraph(verdict_sentences(group)) for group in compared]
    else:
        blocks = [Paragraph(verdict_sentences(group), "answer") for group in main]
    others = [group for group in groups if group not in main]
    if others:
        blocks.append(Paragraph(single_family_sentence(others), "note"))
    blocks += [Paragraph((ABOUT,), "note"), _table(main)]
    return Section("answer", "The answer", tuple(blocks))


def _table(groups: list[RankedGroup]) -> Table:
    caption = (
        "The model of each family with the lowest validation perplexity, and its test perplexity (lower is "
        "better). "
        "The last line of each corpus divides the neural model's numbers by those of the n-gram model."
    )
    columns = (Column("corpus", "Corpus", level="data"), Column("best", ""), *columns_of(FIELDS))
    tabled = tuple(_group(group, titled=len(groups) > 1) for group in groups)
    return Table("answer", caption, columns, tabled, head=1)


def _group(group: RankedGroup, *, titled: bool) -> Group:
    best = {family: group.best(family) for family in FAMILY_NAMES}
    rows = [_best_row(group, family, row) for family, row in best.items() if row]
    ngram, neural = best["count"], best["neural"]
    if ngram and neural:
        rows.append(_quotients(group, ngram, neural))
    return Group(tuple(rows), group.title if titled else "", corpus=group.corpus)


def _best_row(group: RankedGroup, family: str, row: Row) -> TableRow:
    cells = (text_cell(group.title), text_cell(f"Best {FAMILY_NAMES[family]}"), *cells_of(FIELDS, row))
    return TableRow(cells, row.number, family, best=row.leads)


def _quotients(group: RankedGroup, ngram: Row, neural: Row) -> TableRow:
    values = [quotient(neural.perplexity, ngram.perplexity)]
    values += [cost_quotient(cost, neural, ngram) for cost in COSTS]
    cells = (number_cell(value, text.times) for value in values)
    return TableRow((text_cell(group.title), text_cell("Neural ÷ n-gram"), Cell("", ""), *cells))
