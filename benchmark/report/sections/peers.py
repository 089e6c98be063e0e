"""Our n-gram engine beside the C++ toolkits: the measurements that `nextword peers` left."""

from __future__ import annotations

from typing import Any

from benchmark import text
from benchmark.peers.machine import described
from benchmark.peers.records import COMPARISON, recorded
from benchmark.peers.table import NOTES, QUIET, unmeasured, verdicts
from benchmark.report.blocks import Block, Definitions, Fold, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.tables import Column, Group, Table, TableRow, number_cell, text_cell

ORDER = 85

COLUMNS = (
    Column("text", "Text", level="data"),
    Column("order", "Order", "right"),
    Column("program", "Program"),
    Column("seconds", "Time", "right"),
    Column("seconds_least", "Least", "right", "more"),
    Column("seconds_most", "Most", "right", "more"),
    Column("cpu_seconds", "CPU time", "right", "more"),
    Column("peak_bytes", "Peak memory", "right"),
    Column("perplexity", "Perplexity", "right"),
    Column("perplexity_known", "Known words", "right"),
    Column("scored_per_second", "Scored a second", "right"),
    Column("time_ratio", "Ours ÷ it: time", "right"),
    Column("memory_ratio", "Memory", "right"),
)


def build(context: Context) -> Section | None:
    records = recorded(context.results_dir, COMPARISON)
    if not records:
        return None
    blocks: list[Block] = [_table(records), *map(_verdict, records)]
    blocks += [Paragraph((note,), "note") for note in NOTES]
    blocks.append(Fold("The commands that were timed", tuple(map(_commands, records))))
    return Section("peers", "Beside the C++ toolkits", tuple(blocks))


def _table(records: list[dict[str, Any]]) -> Table:
    groups = tuple(
        Group(
            tuple(_row(record, row) for row in record["rows"] if "seconds" in row),
            f"{record['name']}: {record['texts']['train']['words']:,} words",
            described(record["machine"]),
        )
        for record in records
    )
    caption = (
        "Modified Kneser-Ney from text to test perplexity, by whole processes that take turns: medians; less "
        "is better. The last two columns divide ours by each program."
    )
    return Table("peers", caption, COLUMNS, groups, head=2)


def _row(record: dict[str, Any], row: dict[str, Any]) -> TableRow:
    cells = (
        text_cell(record["name"]),
        number_cell(row["order"], text.amount),
        text_cell(row["title"]),
        *(number_cell(row[key], text.duration) for key in ("seconds", "seconds_least", "seconds_most")),
        number_cell(row["cpu_seconds"], text.duration),
        number_cell(row["peak_bytes"], text.size),
        *(number_cell(row[key], text.perplexity) for key in ("perplexity", "perplexity_known")),
        number_cell(row["scored_per_second"], text.amount),
        *(number_cell(row.get(key), text.times) for key in ("time_ratio", "memory_ratio")),
    )
    return TableRow(cells, best=row["contestant"] == "ours")


def _verdict(record: dict[str, Any]) -> Paragraph:
    said = [*verdicts(record["rows"]), *unmeasured(record["rows"])]
    if (record["machine"].get("busy_before") or 0) > QUIET:
        said.append("the machine was busy with other work, so these times are not fit to publish")
    return Paragraph((f"{record['name']}: {'; '.join(said)}.",))


def _commands(record: dict[str, Any]) -> Definitions:
    lines = ((f"{row['title']}, order {row['order']}", "; ".join(row["commands"])) for row in record["rows"])
    shown = [(name, commands) for name, commands in lines if commands]
    return Definitions(((f"{record['name']}, measured by", record["command"]), *shown))
