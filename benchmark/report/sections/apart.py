"""Rows that are not ranked: what was skipped, failed or diverged, and scores that are not distributions."""

from __future__ import annotations

from benchmark import text
from benchmark.report.blocks import Block, Column, Group, Paragraph, Section, Table, TableRow, figure, words
from benchmark.report.context import Context
from benchmark.report.rows import Row
from benchmark.report.sections.comparison import stored

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
    return Section("apart", "Not ranked", tuple(blocks)) if blocks else None


def _unfinished(row: Row) -> TableRow:
    seeds = sorted(str(run.result["seed"]) for run in row.runs if run.result.get("seed") is not None)
    cells = (
        words(row.shared("corpus_title") or row.corpus),
        words(row.label),
        words(", ".join(seeds) or None),
        words(row.shared("status") or "unknown"),
        words(row.shared("reason") or "no reason was recorded", 400),
    )
    return TableRow(cells, row.number, row.family)


def _unnormalised(row: Row) -> TableRow:
    cells = (
        words(row.shared("corpus_title") or row.corpus),
        words(row.label),
        figure(row.mean("bytes_in_memory"), text.size),
        stored(row),
        figure(row.timed("train_seconds"), text.duration),
        figure(row.timed("score_tokens_per_second"), text.amount),
    )
    return TableRow(cells, row.number, row.family)
