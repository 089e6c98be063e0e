"""The answer first: which family wins, by how much, and at what cost; without language models, on tasks."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Literal

from benchmark import text
from benchmark.measure.measures import COSTS, TEST_PERPLEXITY
from benchmark.report.blocks import Block, Figure, Paragraph, Section, about
from benchmark.report.context import Context
from benchmark.report.effort import Effort, effort
from benchmark.report.fields import (
    FAMILY,
    LABEL,
    Field,
    cells_of,
    columns_of,
    interval_fields,
    measure_field,
    number_field,
)
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import (
    Cell,
    Column,
    Group,
    Table,
    TableRow,
    data_table,
    number_cell,
    text_cell,
    with_best_cells,
)
from benchmark.report.task_verdict import task_verdict
from benchmark.report.verdict import (
    cost_quotient,
    quotient,
    single_family_sentence,
    summary_sentence,
    verdict_sentences,
)
from benchmark.statistics.bootstrap import Estimate

ORDER = 0

ABOUT = (
    "Test perplexity is the number of equally likely next words a model hesitates between, on text it has "
    "not seen; lower is better. Models are compared only where they predict the same words of the same text."
)
#: What is shown of the best row of each family.
FIELDS: tuple[Field[Row], ...] = (
    LABEL,
    measure_field(TEST_PERPLEXITY),
    *interval_fields(TEST_PERPLEXITY.key, lambda row: row.interval, text.perplexity),
    number_field("seeds", "Seeds", lambda row: len(row.runs), text.amount),
    *map(measure_field, COSTS),
)
#: How much was tried of its family (see `report.effort`).
_EFFORT = (
    Column("settings_tried", "Settings tried", "right"),
    Column("settings_seconds", "Training of all", "right"),
    Column("search_core_seconds", "Search, core-s", "right"),
)
_COLUMNS = (Column("corpus", "Corpus", level="data"), Column("best", ""), *columns_of(FIELDS), *_EFFORT)


def build(context: Context) -> Section | None:
    groups = [group for group in context.ranked_groups if group.best("count") or group.best("neural")]
    if not groups:
        return _of_tasks(context)
    compared = [group for group in groups if group.best("count") and group.best("neural")]
    main = compared or groups
    tone: Literal["answer", "plain"] = "plain" if len(compared) > 2 else "answer"
    blocks: list[Block] = [Paragraph((summary_sentence(compared),), "answer")] if len(compared) > 2 else []
    for group in main:
        blocks += about(group.corpus, [Paragraph(verdict_sentences(group), tone), *_figure(group)])
    others = [group for group in groups if group not in main]
    if others:
        blocks.append(Paragraph(single_family_sentence(others), "note"))
    blocks += [Paragraph((ABOUT,), "note"), _table(main, context)]
    return Section("answer", "The answer", tuple(blocks))


def _of_tasks(context: Context) -> Section | None:
    """The verdicts on tasks, where there are no language models."""
    verdicts = list(map(task_verdict, context.task_groups)) if context.tasks_alone else []
    if len(verdicts) < 3:
        verdicts = [replace(verdict, tone="answer") for verdict in verdicts]
    return Section("answer", "The answer", tuple(verdicts)) if verdicts else None


def _figure(group: RankedGroup) -> list[Figure]:
    """Every row by its test perplexity, the winner of each family named; none for a single row."""
    from benchmark.report.figures.dots import Dot
    from benchmark.report.figures.strip import family_strip

    rows = [row for row in group.rows if math.isfinite(row.perplexity or math.inf)]
    winners = {family: best for family in FAMILY_NAMES if (best := group.best(family))}
    if len(rows) < 2:
        return []
    named = text.listed([f"{row.label}, {text.perplexity(row.perplexity)}" for row in winners.values()])
    caption = (
        "Test perplexity; further left is better. Filled: the model of each family with the lowest "
        "validation perplexity; rings: all others."
    )
    if any(row.interval for row in winners.values()):
        caption += " A line is a 95% interval."
    name = f"headline_{group.file}"
    dots_of_winners = {family: Dot.of(row) for family, row in winners.items()}
    fields = (LABEL, FAMILY, measure_field(TEST_PERPLEXITY))
    data = [TableRow(cells_of(fields, row), row.number, row.family) for row in rows]
    return [
        Figure(
            name,
            f"{group.title}: all models",
            caption,
            f"Strip plot of {len(rows)} models on {group.title}, a lane for each family. Best: {named}.",
            partial(family_strip, list(map(Dot.of, rows)), dots_of_winners),
            data_table(name, columns_of(fields), data),
        )
    ]


def _table(groups: list[RankedGroup], context: Context) -> Table:
    caption = (
        "The model of each family with the lowest validation perplexity, and its test perplexity (lower is "
        "better), with its 95% interval over the text and over seeds. The last line of each corpus divides "
        "the neural model's numbers by those of the n-gram model. The last three columns say how much was "
        "tried: settings of the family, trials of searches included; the time that training all of them "
        "took, seeds included; and the core-seconds of the searches on this text, if there were any."
    )
    tabled = tuple(_group(group, context, titled=len(groups) > 1) for group in groups)
    return Table("answer", caption, _COLUMNS, tabled, head=1)


def _group(group: RankedGroup, context: Context, *, titled: bool) -> Group:
    best = {family: group.best(family) for family in FAMILY_NAMES}
    found = [row for row in best.values() if row]
    rows = with_best_cells(
        [
            _best_row(group, family, row, effort(group, family, context))
            for family, row in best.items()
            if row
        ],
        _COLUMNS,
        {TEST_PERPLEXITY.key, *_comparable(found)},
    )
    ngram, neural = best["count"], best["neural"]
    if ngram and neural:
        rows.append(_quotients(group, ngram, neural))
    return Group(tuple(rows), group.title if titled else "", corpus=group.corpus)


def _best_row(group: RankedGroup, family: str, row: Row, tried: Effort) -> TableRow:
    cells = (
        text_cell(group.title),
        text_cell(f"Best {FAMILY_NAMES[family]}"),
        *cells_of(FIELDS, row),
        number_cell(tried.settings, text.amount),
        number_cell(tried.seconds, text.duration),
        number_cell(tried.searched, text.amount),
    )
    return TableRow(cells, row.number, family)


def _comparable(rows: list[Row]) -> set[str]:
    """The costs by which these rows can be compared: those that are timed only on one machine."""
    alike = len({row.machine for row in rows}) == 1
    return {cost.key for cost in COSTS if alike or not cost.timed}


def _quotients(group: RankedGroup, ngram: Row, neural: Row) -> TableRow:
    perplexity = quotient(neural.perplexity, ngram.perplexity)
    costs = [cost_quotient(cost, neural, ngram) for cost in COSTS]
    ratio = group.ratio(neural, ngram)
    nothing = text_cell(None)
    shown = {column.key: nothing for column in _COLUMNS}
    shown |= {
        "corpus": text_cell(group.title),
        "best": text_cell("Neural ÷ n-gram"),
        LABEL.column.key: Cell("", ""),
        TEST_PERPLEXITY.key: number_cell(perplexity, text.times),
        **{cost.key: number_cell(value, text.times) for cost, value in zip(COSTS, costs, strict=True)},
    }
    if ratio is not None:
        ends: list[Field[Estimate]] = interval_fields(
            TEST_PERPLEXITY.key, lambda r: (r.low, r.high), text.times
        )
        shown |= {field.column.key: field.cell(ratio) for field in ends}
    return TableRow(tuple(shown[column.key] for column in _COLUMNS))
