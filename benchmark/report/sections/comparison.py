"""The comparison table: every ranked row, grouped by the events it was scored on."""

from __future__ import annotations

from dataclasses import replace

from benchmark import text
from benchmark.report.blocks import Block, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.ranking_notes import ranking_notes
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, number_cell, text_cell

ORDER = 10
#: More rows than this would make the page too heavy to pass around.
MOST = 400

COLUMNS = (
    Column("corpus", "Corpus", level="data"),
    Column("protocol_id", "Protocol", level="data"),
    Column("rank", "#", "right"),
    Column("label", "Model"),
    Column("family", "Family"),
    Column("context", "History"),
    Column("test_perplexity", "Test perplexity", "right"),
    Column("test_perplexity_sd", "± sd (seeds)", "right"),
    Column("seeds", "Seeds", "right", "data"),
    Column("test_perplexity_known", "Known words only", "right", "more"),
    Column("valid_perplexity", "Validation perplexity", "right", "more"),
    Column("bits_per_character", "Bits per character", "right", "more"),
    Column("bytes_in_memory", "Memory", "right"),
    Column("parameters", "Parameters", "right"),
    Column("entries", "n‑grams", "right"),
    Column("bytes_on_disk", "Disk", "right", "data"),
    Column("train_seconds", "Training", "right"),
    Column("train_tokens_per_second", "Training, tokens/s", "right", "more"),
    Column("score_tokens_per_second", "Scoring, tokens/s", "right"),
    Column("peak_memory_bytes", "Peak memory", "right", "more"),
    Column("machine", "Machine", level="more"),
    Column("machine_name", "Machine name", level="data"),
)


def build(context: Context) -> Section | None:
    if not context.ranked_groups:
        return None
    caption = (
        "Ranked by test perplexity within each corpus; lower is better. Rows under one heading predict "
        "exactly the same tokens. Values of several seeds are means, with the sample standard deviation."
    )
    groups = tuple(_group(group, context) for group in context.ranked_groups)
    columns = tuple(replace(c, level="data") if c.key in _idle(context) else c for c in COLUMNS)
    table = Table("comparison", caption, columns, groups, head=3, sortable=True, filters=True, most=MOST)
    several = len(context.machines) > 1
    machines = [f"{key}: {machine}" if several else str(machine) for machine, key in context.machines.items()]
    timed = Paragraph((f"Timed on {'; '.join(machines)}.",), "note")
    notes: list[Block] = [Paragraph((line,), "note") for line in ranking_notes(context.ranked_groups)]
    return Section("comparison", "Comparison", (table, *notes, timed))


def _idle(context: Context) -> set[str]:
    """Columns that would only take room: one machine timed everything, no row has several seeds."""
    idle: set[str] = set() if len(context.machines) > 1 else {"machine"}
    rows = (row for group in context.ranked_groups for row in group.rows)
    return idle if any(len(row.runs) > 1 for row in rows) else idle | {"test_perplexity_sd"}


def _group(group: RankedGroup, context: Context) -> Group:
    rows = tuple(_row(group, row, context) for row in group.rows)
    note = "; ".join(part for part in (group.targets_summary, f"protocol {group.protocol[:6]}") if part)
    return Group(rows, group.title, note, group.corpus, group.corpus_title, group.protocol)


def _row(group: RankedGroup, row: Row, context: Context) -> TableRow:
    seeds = len(row.runs)
    cells = (
        text_cell(group.title),
        text_cell(group.protocol),
        Cell(str(row.rank), float(row.rank or 0)),
        text_cell(row.label),
        text_cell(FAMILY_NAMES.get(row.family, row.family)),
        text_cell(row.shared("context")),
        number_cell(row.perplexity, text.perplexity),
        number_cell(row.deviation("test_perplexity"), lambda v: _spread(v, seeds)),
        Cell(str(seeds), float(seeds)),
        number_cell(row.mean("test_perplexity_known"), text.perplexity),
        number_cell(row.mean("valid_perplexity"), text.perplexity),
        number_cell(row.mean("bits_per_character"), lambda v: text.decimals(v, 3)),
        number_cell(row.mean("bytes_in_memory"), text.size),
        number_cell(row.mean("parameters"), text.amount),
        number_cell(row.mean("entries"), text.amount),
        number_cell(row.mean("bytes_on_disk"), text.size),
        number_cell(row.timed("train_seconds"), text.duration),
        number_cell(row.timed("train_tokens_per_second"), text.amount),
        number_cell(row.timed("score_tokens_per_second"), text.amount),
        number_cell(row.timed("peak_memory_bytes"), text.size),
        text_cell(context.machines[row.machine]),
        text_cell(str(row.machine)),
    )
    return TableRow(cells, row.number, row.family, best=row.rank == 1)


def _spread(deviation: float | None, seeds: int) -> str:
    return "" if deviation is None else f"{text.significant(deviation, 2)} ({seeds})"


def stored(row: Row) -> Cell:
    """How much a model holds, in its own unit: trained parameters or stored n-grams."""
    parameters, entries = row.mean("parameters"), row.mean("entries")
    shown = [f"{text.amount(parameters)} param."] if parameters else []
    shown += [f"{text.amount(entries)} n-grams"] if entries else []
    return Cell(" + ".join(shown) or text.NONE, (parameters or 0) + (entries or 0))
