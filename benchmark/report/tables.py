"""Tables: columns, cells with their values, rows in groups; and a table as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Protocol, TypeVar

from benchmark import text
from benchmark.report.palette import FAMILY_NAMES

#: What the page's script reads of a row or a group: `data-NAME` attributes, as (name, value).
Attributes = tuple[tuple[str, str], ...]
#: Where a column appears: everywhere; on the page and in the CSV; in the CSV only.
Level = Literal["key", "more", "data"]


@dataclass(frozen=True)
class Column:
    """A table's column. `key` is its header in the CSV, `title` its heading everywhere else.

    `align`: numbers to the right, the rest to the left. `mono`: set in a monospaced font. `better`: which
    values are the better ones.
    """

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    level: Level = "key"
    mono: bool = False
    better: Literal["lower", "higher"] | None = None


@dataclass(frozen=True)
class Cell:
    """What a reader sees, and the value behind it, which sorts the column and goes into the CSV unrounded.

    The best of a column are set in bold. `leads_to` is the name of a section that the page links.
    """

    shown: str
    value: float | str | None = None
    best: bool = False
    leads_to: str = ""

    @property
    def raw(self) -> str:
        """The value as the CSV has it; empty where there is none."""
        if self.value is None:
            return ""
        if isinstance(self.value, float) and math.isfinite(self.value):
            return f"{self.value:.10g}"
        return str(self.value)


def text_cell(value: object, limit: int = 0) -> Cell:
    """A cell of text, made one printable line. None is shown as a dash and is empty in the CSV."""
    line = text.clean(value if value is not None else text.NONE)
    return Cell(text.clean(line, limit), line if value is not None else None)


def number_cell(value: float | None, show: Callable[[float | None], str]) -> Cell:
    """A cell of a number, formatted by one of the functions of `benchmark.text`."""
    return Cell(show(value), None if value is None else float(value))


@dataclass(frozen=True)
class TableRow:
    """One row. `row` is the number of the comparison row it shows (0: none); it links rows and marks."""

    cells: tuple[Cell, ...]
    row: int = 0
    family: str = ""
    data: Attributes = ()


@dataclass(frozen=True)
class Group:
    """Rows under a common heading, kept together by sorting.

    The filters of a table select groups by `corpus` and `protocol`; `name` is the corpus's name for readers.
    """

    rows: tuple[TableRow, ...]
    title: str = ""
    note: str = ""
    corpus: str = ""
    name: str = ""
    protocol: str = ""
    data: Attributes = ()


@dataclass(frozen=True)
class Table:
    """A table. `name` is its file name, `head` the index of the column that names the row.

    At most `most` rows are drawn (0: all of them); the CSV has every row.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    head: int = 0
    sortable: bool = False
    filters: bool = False
    most: int = 0
    corpus: str = ""
    kind: str = field(default="table", init=False)

    def visible(self, *levels: str) -> list[int]:
        """Indices of the columns at these levels."""
        return [i for i, column in enumerate(self.columns) if column.level in levels]

    @property
    def rows(self) -> int:
        """How many rows there are, drawn or not."""
        return sum(len(group.rows) for group in self.groups)

    def drawn(self) -> list[Group]:
        """The groups with the rows that are drawn.

        Where there is no room for all, these are the first of each group and, within it, of each family.
        """
        if not self.most or self.rows <= self.most:
            return list(self.groups)
        room = even_shares([len(group.rows) for group in self.groups], self.most)
        return [
            replace(group, rows=tuple(first_of_families(group.rows, most)))
            for group, most in zip(self.groups, room, strict=True)
        ]

    def left_out(self) -> list[tuple[int, int, TableRow]]:
        """The rows that are not drawn, in order: each with the place of its group, and its own within it."""
        kept = {id(row) for group in self.drawn() for row in group.rows}
        return [
            (group_place, place, row)
            for group_place, group in enumerate(self.groups)
            for place, row in enumerate(group.rows)
            if id(row) not in kept
        ]

    @property
    def omission(self) -> str:
        """Which rows are drawn, where some are left out; empty where all are drawn."""
        if not self.most or self.rows <= self.most:
            return ""
        part = "family" if len(self.families()) > 1 else "group" if len(self.groups) > 1 else ""
        return f"{self.most} of {self.rows} rows, the first{f' of each {part}' if part else ''}."

    @cached_property  # a file has it, and the page
    def csv(self) -> str:
        """Every column at full precision, one header line, `\\n` line ends.

        Text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay as they
        are. The last column is the title of the row's group, where several have one and no column has the
        corpus.
        """
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        keys = [column.key for column in self.columns]
        titled = len({group.title for group in self.groups if group.title}) > 1 and "corpus" not in keys
        writer.writerow(keys + ["group"] * titled)
        for group in self.groups:
            end = [_without_formula(Cell("", group.title))] * titled
            writer.writerows([_without_formula(cell) for cell in row.cells] + end for row in group.rows)
        return lines.getvalue()

    def corpora(self) -> list[tuple[str, str]]:
        """The corpora of its groups as (key, name for readers), in order."""
        return list(
            {group.corpus: (group.corpus, group.name or group.title) for group in self.groups}.values()
        )

    def families(self) -> list[tuple[str, str]]:
        """The families of its rows as (key, name for readers)."""
        found = {row.family for group in self.groups for row in group.rows if row.family}
        return [(name, FAMILY_NAMES.get(name, name)) for name in sorted(found)]


def with_best_cells(
    rows: Sequence[TableRow], columns: Sequence[Column], keys: Collection[str]
) -> list[TableRow]:
    """The rows with the best cells of some columns marked: those that look like the best value.

    A column that holds fewer than two values, or one value only, has no best.
    """
    best: dict[int, str] = {}
    for index, column in enumerate(columns):
        cells = [row.cells[index] for row in rows if isinstance(row.cells[index].value, int | float)]
        if column.key in keys and column.better and len({cell.shown for cell in cells}) > 1:
            choose = min if column.better == "lower" else max
            best[index] = choose(cells, key=lambda cell: float(cell.value or 0.0)).shown
    return [
        replace(
            row,
            cells=tuple(
                replace(cell, best=True) if best.get(index) == cell.shown else cell
                for index, cell in enumerate(row.cells)
            ),
        )
        for row in rows
    ]


def data_table(name: str, columns: tuple[Column, ...], rows: list[TableRow]) -> Table:
    """The numbers behind a figure."""
    return Table(name, "", columns, (Group(tuple(rows)),))


#: A spreadsheet takes text that begins with one of these for a formula. (The last four are full-width.)
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def _without_formula(cell: Cell) -> str:
    is_text = isinstance(cell.value, str)
    raw = f"'{cell.raw}" if is_text and cell.raw.startswith(_FORMULA) else cell.raw
    return raw.replace("\r", " ")  # which the writer would leave without quotes, so that it begins a line


def even_shares(wanted: Sequence[int], room: int) -> list[int]:
    """Divides `room` evenly, giving nobody more than it wants; what does not divide goes to the first.

    >>> even_shares([2, 100, 100], 20)
    [2, 9, 9]
    """
    given = [0] * len(wanted)
    waiting = sorted(range(len(wanted)), key=lambda index: wanted[index])
    while waiting:
        index = waiting.pop(0)
        given[index] = min(wanted[index], -(-room // (len(waiting) + 1)))
        room -= given[index]
    return given


class _OfFamily(Protocol):
    @property
    def family(self) -> str: ...


Member = TypeVar("Member", bound=_OfFamily)


def first_of_families(rows: Sequence[Member], most: int) -> list[Member]:
    """The first rows of each family, `most` in all, in their order."""
    families = list(dict.fromkeys(row.family for row in rows))
    wanted = [sum(row.family == family for row in rows) for family in families]
    room = dict(zip(families, even_shares(wanted, most), strict=True))
    kept = []
    for row in rows:
        if room[row.family]:
            kept.append(row)
            room[row.family] -= 1
    return kept
