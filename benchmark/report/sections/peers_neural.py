"""Our neural training beside the examples people copy: what `nextword peers neural` left."""

from __future__ import annotations

from typing import Any

from benchmark import text
from benchmark.peers.machine import described
from benchmark.peers.neural.table import NOTES, pairs, settings, to_goal, torch, unmeasured
from benchmark.peers.records import NEURAL, recorded
from benchmark.peers.table import QUIET
from benchmark.report.blocks import Block, Definitions, Fold, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.tables import Column, Group, Table, TableRow, number_cell, text_cell

ORDER = 86

COLUMNS = (
    Column("name", "Comparison", level="data"),
    Column("network", "Network"),
    Column("text", "Text"),
    Column("vocabulary", "Words", "right"),
    Column("threads", "Threads", "right"),
    Column("beside", "Beside"),
    Column("train_ours", "Training: ours", "right"),
    Column("train_its", "Its", "right"),
    Column("train_ratio", "Ours ÷ it", "right"),
    Column("score_ours", "Scoring: ours", "right"),
    Column("score_its", "Its", "right"),
    Column("score_ratio", "Ours ÷ it", "right"),
    Column("loss_difference", "Losses apart", "right", "more"),
)


def build(context: Context) -> Section | None:
    records = recorded(context.results_dir, NEURAL)
    if not records:
        return None
    blocks: list[Block] = [_table(records)]
    blocks += [Paragraph((line,)) for record in records for line in _said(record)]
    blocks += [Paragraph((note,), "note") for note in NOTES]
    commands = tuple((f"{record['name']}, measured by", record["command"]) for record in records)
    blocks.append(Fold("The commands that were timed", (Definitions(commands),)))
    return Section("peers_neural", "Beside the neural examples", tuple(blocks))


def _table(records: list[dict[str, Any]]) -> Table:
    groups = tuple(
        Group(
            tuple(_row(record, *pair) for pair in pairs(record)),
            f"{record['name']}: {settings(record)}",
            f"{described(record['machine'])}, {torch(record)}",
        )
        for record in records
    )
    caption = (
        "Tokens a second of training and of scoring, from the same weights on the same batches, by programs "
        "that take turns: medians; above ×1, ours is faster."
    )
    return Table("peers_neural", caption, COLUMNS, groups, head=2)


def _row(record: dict[str, Any], ours: dict[str, Any], its: dict[str, Any]) -> TableRow:
    rates = []
    for part in ("train", "score"):
        key = f"{part}_tokens_per_second"
        rates += [number_cell(ours[key], text.amount), number_cell(its[key], text.amount)]
        rates.append(number_cell(its[f"{part}_ratio"], text.times))
    cells = (
        text_cell(record["name"]),
        text_cell(its["kind"]),
        text_cell(its["text"]),
        number_cell(its["vocabulary"], text.amount),
        number_cell(its["threads"], text.amount),
        text_cell(its["title"]),
        *rates,
        number_cell(its["loss_difference"], _share),
    )
    return TableRow(cells)


def _share(value: float | None) -> str:
    return text.NONE if value is None else f"{value:.1e}"


def _said(record: dict[str, Any]) -> list[str]:
    """What the table does not hold: the way to a perplexity, who is missing, a busy machine."""
    said = [f"{record['name']}: {line}." for line in (*to_goal(record), *unmeasured(record["rows"]))]
    if (record["machine"].get("busy_before") or 0) > QUIET:
        said.append(
            f"{record['name']}: the machine was busy with other work, so these speeds are not fit to publish."
        )
    return said
