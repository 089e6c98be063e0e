"""Rows that are not ranked: what was skipped, failed or diverged, and scores that are not distributions."""

from __future__ import annotations

from benchmark import text
from benchmark.report.blocks import Block, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.rows import Row
from benchmark.report.sections.comparison import stored
from benchmark.report.tables import Column, Group, Table, TableRow, number_cell, text_cell

ORDER = 20
#: More runs without a result than this are left to the CSV.
MOST = 100

UNFINISHED = (
    Column("corpus", "Corpus"),
    Column("label", "Model"),
    Column("seeds", "Seeds"),
    Column("status", "Status"),
    Column("reason", "Reason"),
)

UNNORMALISED = (
    Column("corpus", "Corpus"),
    Column("label", "Model"),
    Column("bytes_in_memory", "Memory", "right"),
    Column("stored", "Parameters or n-grams", "right"),
    Column("train_seconds", "Training", "right"),
    Column("score_tokens_per_second", "Scoring, tokens/s", "right"),
)


def build(context: Context) -> Section | None:
    unfinished = [row for row in context.rows if not row.done]
    unnormalised = [row for row in context.rows if row.done and not row.normalised]
    blocks: list[Block] = []
    if unnormalised:
        explained = (
            "These models give scores that do not sum to one over the vocabulary. A perplexity computed "
            "from them could not be compared with the others', so none is printed."
        )
        rows = tuple(_unnormalised(row) for row in unnormalised)
        table = Table("unnormalised", "Models without a perplexity.", UNNORMALISED, (Group(rows),), head=1)
        blocks += [Paragraph((explained,)), table]
    if unfinished:
        rows = tuple(_unfinished(row) for row in unfinished)
        caption = "Runs that gave no result, and why. The rest of the sweep went on."
        blocks.append(Table("unfinished", caption, UNFINISHED, (Group(rows),), head=1, most=MOST))
    return Section("not-ranked", "Not ranked", tuple(blocks)) if blocks else None


def _unfinished(row: Row) -> TableRow:
    seeds = sorted(str(run.result.seed) for run in row.runs if run.result.seed is not None)
    cells = (
        text_cell(row.shared("corpus_title") or row.corpus),
        text_cell(row.label),
        text_cell(", ".join(seeds) or None),
        text_cell(row.shared("status") or "unknown"),
        text_cell(row.shared("reason") or "no reason was recorded", 400),
    )
    return TableRow(cells, row.number, row.family)


def _unnormalised(row: Row) -> TableRow:
    cells = (
        text_cell(row.shared("corpus_title") or row.corpus),
        text_cell(row.label),
        number_cell(row.mean("bytes_in_memory"), text.size),
        stored(row),
        number_cell(row.timed("train_seconds"), text.duration),
        number_cell(row.timed("score_tokens_per_second"), text.amount),
    )
    return TableRow(cells, row.number, row.family)
