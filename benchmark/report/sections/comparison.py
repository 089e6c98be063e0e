"""The comparison table: every ranked row, grouped by the targets it was scored on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.report.blocks import Block, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.copied_lines import copies
from benchmark.report.fields import (
    CORPUS,
    FAMILY,
    HISTORY,
    LABEL,
    Field,
    cells_of,
    columns_of,
    comparable_keys,
    interval_fields,
    measure_field,
    number_field,
    text_field,
)
from benchmark.report.model_settings import setting_attribute
from benchmark.report.page_losses import PageLosses, page_losses
from benchmark.report.ranking import RankedGroup
from benchmark.report.ranking_notes import ranking_notes
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, with_best_cells
from benchmark.report.tuned import tuned_fields

ORDER = 10
NO_INTERVAL = Cell("no interval")
#: Behind a rank that is that of the value, beside ranks that are ranges.
BY_VALUE = "†"
#: More rows than this would make the page too large to send around.
MOST = 400


def build(context: Context) -> Section | None:
    if not context.ranked_groups:
        return None
    several = len(context.machines) > 1
    machines = [f"{key}: {machine}" if several else str(machine) for machine, key in context.machines.items()]
    timed = [Paragraph((f"Timed on {'; '.join(machines)}.",), "note")] if machines else []
    notes: list[Block] = [
        Paragraph((note.line,), "note", note.corpus) for note in ranking_notes(context.ranked_groups)
    ]
    return Section(
        "comparison",
        "Comparison",
        (
            comparison(context),
            *_ranks_by_value(context),
            *_what_tuned_says(context),
            *copies(context),
            *notes,
            *timed,
        ),
    )


@lru_cache(maxsize=1)  # a report prints it and has it on its page
def comparison(context: Context) -> Table:
    """Every ranked row with every measure, best first within each group."""
    caption = (
        "Ranked by test perplexity within each corpus; lower is better. Rows under one heading predict "
        "exactly the same tokens. Values from several seeds are means, with the sample standard deviation. "
        f"{_rule_of_ranks(context)}"
    )
    fields = _fields(context)
    losses = page_losses(context.ranked_groups)
    groups = tuple(_group(group, fields, context.measures, losses) for group in context.ranked_groups)
    return Table(
        "comparison", caption, columns_of(fields), groups, head=3, sortable=True, filters=True, most=MOST
    )


def _rule_of_ranks(context: Context) -> str:
    """What intervals and ranges of ranks stand for; or why there are none."""
    units = {group.uncertainty.unit for group in context.ranked_groups if group.uncertainty}
    if not units:
        return "No row has an interval: no run keeps its losses by block."
    return (
        f"The 95% interval is that over {text.listed(sorted(units))} of the test text, and over seeds where "
        "there are several. A rank is a range where rows are not shown to differ (p ≥ 0.05 after Holm's "
        "correction over the table). The best of each column are in bold; times and speeds only where one "
        "machine took them all."
    )


def _fields(context: Context) -> tuple[Field[Row], ...]:
    rows = [row for group in context.ranked_groups for row in group.rows]
    several_seeds = any(len(row.runs) > 1 for row in rows)
    several_machines = len(context.machines) > 1
    tuned, effort = tuned_fields(context)
    spread = Column("test_perplexity_sd", "± sd (seeds)", "right", "key" if several_seeds else "data")
    return (
        replace(CORPUS, column=replace(CORPUS.column, level="data")),
        text_field("protocol_id", "Protocol", lambda row: row.first.protocol_id, "data"),
        _rank_field(rows),
        LABEL,
        FAMILY,
        HISTORY,
        *tuned,
        measure_field(TEST_PERPLEXITY),
        *_interval_fields(rows),
        Field(spread, _spread),
        number_field("seeds", "Seeds", lambda row: len(row.runs), text.amount, "data"),
        *(measure_field(measure) for measure in context.measures if measure is not TEST_PERPLEXITY),
        *_energy_of(rows),
        *effort,
        text_field(
            "machine",
            "Machine",
            context.machine_of,
            "more" if several_machines else "data",
        ),
        text_field("machine_name", "Machine name", lambda row: row.machine, "data"),
    )


def _rank_field(rows: list[Row]) -> Field[Row]:
    """The rank: a range, or marked as that of the value where others are ranges."""
    mark = f" {BY_VALUE}" if any(row.ranks for row in rows) else ""
    return Field(
        Column("rank", "#", "right"),
        lambda row: Cell(text.span(*row.ranks) if row.ranks else f"{text.amount(row.rank)}{mark}", row.rank),
    )


def _ranks_by_value(context: Context) -> list[Block]:
    """What the mark stands for, if a row has it."""
    rows = [row for group in context.ranked_groups for row in group.rows]
    if not any(row.ranks for row in rows) or all(row.ranks for row in rows):
        return []
    line = (
        f"{BY_VALUE} Rank by value alone: no losses by block are kept, so nothing shows whether the row "
        "differs from its neighbours."
    )
    return [Paragraph((line,), "note")]


def _what_tuned_says(context: Context) -> list[Block]:
    """What the words of the column stand for, where entries were tuned."""
    if not context.tunings:
        return []
    line = (
        "Tuned: “yes”, a search on this corpus chose the settings; “defaults”, a search began with them and "
        "found better ones; “carried over”, a search on another corpus chose them; “no”, none of these. "
        "Settings of a model of another size or length of training count as not tuned."
    )
    return [Paragraph((line,), "note")]


def _interval_fields(rows: list[Row]) -> list[Field[Row]]:
    """The interval of the perplexity, and in the CSV the range of the rank; nothing if no row has one."""
    if not any(row.interval for row in rows):
        return []
    fields: list[Field[Row]] = interval_fields("test_perplexity", lambda row: row.interval, text.perplexity)
    both, *ends = fields
    return [
        replace(both, cell=lambda row: both.cell(row) if row.interval else NO_INTERVAL),
        *ends,
        number_field("rank_best", "Best rank", lambda row: row.ranks and row.ranks[0], text.amount, "data"),
        number_field("rank_worst", "Worst rank", lambda row: row.ranks and row.ranks[1], text.amount, "data"),
    ]


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
    shown = "" if deviation is None else f"{text.spread(deviation, row.perplexity)} ({len(row.runs)})"
    return Cell(shown, deviation)


def _group(
    group: RankedGroup, fields: tuple[Field[Row], ...], measures: Sequence[Measure], losses: PageLosses
) -> Group:
    keys = comparable_keys(measures, group.rows) - {TEST_PERPLEXITY.key}
    leading = {"rank", TEST_PERPLEXITY.key}
    lines = [
        TableRow(
            cells_of(fields, row, leading if row.leads else ()),
            row.number,
            row.family,
            (*losses.rows.get(row.number, ()), *setting_attribute(row.settings)),
        )
        for row in group.rows
    ]
    rows = tuple(with_best_cells(lines, columns_of(fields), keys))
    parts = (group.targets_summary, f"protocol {group.protocol[:6]}", group.blocks_summary)
    note = "; ".join(part for part in parts if part)
    data = losses.groups.get((group.corpus, group.protocol), ())
    return Group(rows, group.title, note, group.corpus, group.corpus_title, group.protocol, data)
