"""A section of the report on a comparison with peers, from its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmark.peers import table as peers_table
from benchmark.peers.record import OURS, Record
from benchmark.peers.table import Pair, Presentation
from benchmark.report.blocks import Block, Definitions, Fold, Paragraph, Section
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, number_cell, text_cell

#: The column that names the program; ours is in bold.
HEAD = 2


def peer_section(
    name: str, title: str, caption: str, presentation: Presentation[Any], records: Sequence[Record]
) -> Section | None:
    """The table, the remarks, what the columns mean and the commands; None if there is no record."""
    if not records:
        return None
    blocks: list[Block] = [_table(name, caption, presentation, records)]
    for record in records:
        remarks = presentation.all_remarks(record)
        if remarks:
            blocks.append(Paragraph((f"{record.name}: {'; '.join(remarks)}.",)))
    blocks += [Paragraph((note,), "note") for note in presentation.notes]
    blocks.append(Fold("The commands that were timed", tuple(map(_commands, records))))
    return Section(name, title, tuple(blocks))


def _table(name: str, caption: str, presentation: Presentation[Any], records: Sequence[Record]) -> Table:
    shown = presentation.columns_of(records)
    columns = tuple(
        Column(column.key, column.title, "right" if column.show else "left", column.level) for column in shown
    )
    groups = tuple(
        Group(
            tuple(_row(shown, pair) for pair in presentation.pairs(record)),
            presentation.heading(record),
            presentation.conditions(record),
        )
        for record in records
    )
    return Table(name, caption, columns, groups, head=HEAD)


def _row(columns: Sequence[peers_table.Column], pair: Pair) -> TableRow:
    cells: list[Cell] = []
    for column in columns:
        value = column.value(pair)
        cells.append(text_cell(value) if column.show is None else number_cell(value, column.show))
    cells[HEAD] = replace(cells[HEAD], best=pair.its.contestant == OURS)
    return TableRow(tuple(cells))


def _commands(record: Record) -> Definitions:
    lines = tuple((f"{row.title}, {row.case.title}", "; ".join(row.commands)) for row in record.rows)
    shown = [(title, commands) for title, commands in lines if commands]
    return Definitions(((f"{record.name}, measured by", record.command), *shown))
