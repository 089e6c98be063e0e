"""The comparison table: every ranked row, grouped by the targets it was scored on."""

from __future__ import annotations

from dataclasses import replace

from benchmark import text
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.report.blocks import Block, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.fields import (
    CORPUS,
    FAMILY,
    HISTORY,
    LABEL,
    Field,
    cells_of,
    columns_of,
    measure_field,
    number_field,
    text_field,
)
from benchmark.report.ranking import RankedGroup
from benchmark.report.ranking_notes import ranking_notes
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow

ORDER = 10
#: More rows than this would make the page too large to send around.
MOST = 400


def build(context: Context) -> Section | None:
    if not context.ranked_groups:
        return None
    several = len(context.machines) > 1
    machines = [f"{key}: {machine}" if several else str(machine) for machine, key in context.machines.items()]
    timed = Paragraph((f"Timed on {'; '.join(machines)}.",), "note")
    notes: list[Block] = [Paragraph((line,), "note") for line in ranking_notes(context.ranked_groups)]
    return Section("comparison", "Comparison", (comparison(context), *notes, timed))


def comparison(context: Context) -> Table:
    """Every ranked row with every measure, best first within each group."""
    caption = (
        "Ranked by test perplexity within each corpus; lower is better. Rows under one heading predict "
        "exactly the same tokens. Values from several seeds are means, with the sample standard deviation."
    )
    fields = _fields(context)
    groups = tuple(_group(group, fields) for group in context.ranked_groups)
    return Table(
        "comparison", caption, columns_of(fields), groups, head=3, sortable=True, filters=True, most=MOST
    )


def _fields(context: Context) -> tuple[Field[Row], ...]:
    rows = [row for group in context.ranked_groups for row in group.rows]
    several_seeds = any(len(row.runs) > 1 for row in rows)
    several_machines = len(context.machines) > 1
    spread = Column("test_perplexity_sd", "± sd (seeds)", "right", "key" if several_seeds else "data")
    return (
        replace(CORPUS, column=replace(CORPUS.column, level="data")),
        text_field("protocol_id", "Protocol", lambda row: row.first.protocol_id, "data"),
        number_field("rank", "#", lambda row: row.rank, text.amount),
        LABEL,
        FAMILY,
        HISTORY,
        measure_field(TEST_PERPLEXITY),
        Field(spread, _spread),
        number_field("seeds", "Seeds", lambda row: len(row.runs), text.amount, "data"),
        *(measure_field(measure) for measure in context.measures if measure is not TEST_PERPLEXITY),
        *_energy_of(rows),
        text_field(
            "machine",
            "Machine",
            lambda row: context.machines[row.machine],
            "more" if several_machines else "data",
        ),
        text_field("machine_name", "Machine name", lambda row: row.machine, "data"),
    )


def _energy_of(rows: list[Row]) -> list[Field[Row]]:
    """The column that says what the energies were counted for; none if there are no energies."""
    if not any(map(_counted_for, rows)):
        return []
    return [text_field("energy_of", "Energy of", _counted_for, "more")]


def _counted_for(row: Row) -> str | None:
    """`GPU board and CPU package`; of several, those of training first."""
    results = [run.result for run in row.runs]
    counted = [r.train_joules_of for r in results] + [r.score_joules_of for r in results]
    return "; ".join(dict.fromkeys(parts for parts in counted if parts)) or None


def _spread(row: Row) -> Cell:
    deviation = row.deviation(TEST_PERPLEXITY)
    shown = "" if deviation is None else f"{text.significant(deviation, 2)} ({len(row.runs)})"
    return Cell(shown, deviation)


def _group(group: RankedGroup, fields: tuple[Field[Row], ...]) -> Group:
    rows = tuple(
        TableRow(cells_of(fields, row), row.number, row.family, best=row.rank == 1) for row in group.rows
    )
    note = "; ".join(part for part in (group.targets_summary, f"protocol {group.protocol[:6]}") if part)
    return Group(rows, group.title, note, group.corpus, group.corpus_title, group.protocol)
