"""What a section is made of. The page, the Markdown report and the exported files all draw these.

A section author writes no HTML: blocks hold plain text and numbers, and each output escapes them in
its own way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from benchmark import text
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.shares import shares

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True)
class Strong:
    """Emphasised text inside a paragraph."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text, some of it strong. `tone`: the answer is set large, a note small."""

    parts: tuple[str | Strong, ...]
    tone: Literal["answer", "plain", "note"] = "plain"
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Column:
    """A table's column.

    `level`: `key` appears everywhere, `more` on the page and as CSV, `data` only as CSV.
    `align`: numbers to the right, the rest to the left. `key` is the CSV's header.
    """

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    level: Literal["key", "more", "data"] = "key"
    mono: bool = False


@dataclass(frozen=True)
class Cell:
    """What is shown and what it is: the value sorts the column and stands in the CSV at full precision."""

    shown: str
    value: float | str | None = None

    @property
    def raw(self) -> str:
        """The value for a CSV; empty where there is none."""
        if self.value is None:
            return ""
        if isinstance(self.value, float) and math.isfinite(self.value):
            return f"{self.value:.10g}"
        return str(self.value)


def words(value: object, limit: int = 0) -> Cell:
    """A cell of text, made one printable line; none is a dash to readers, and empty in the CSV."""
    line = text.clean(value if value is not None else text.NONE)
    return Cell(text.clean(line, limit), line if value is not None else None)


def figure(value: float | None, show: Callable[[float | None], str]) -> Cell:
    """A cell of a number, shown by one of the functions of `benchmark.text`."""
    return Cell(show(value), None if value is None else float(value))


@dataclass(frozen=True)
class TableRow:
    """One row. `row` is the comparison row it belongs to (0: none), by which rows and marks are linked."""

    cells: tuple[Cell, ...]
    row: int = 0
    family: str = ""
    best: bool = False


@dataclass(frozen=True)
class Group:
    """Rows under a common heading; sorting keeps them together. A table with filters finds them by
    `corpus` and `protocol`; `name` is the corpus's name for readers."""

    rows: tuple[TableRow, ...]
    title: str = ""
    note: str = ""
    corpus: str = ""
    name: str = ""
    protocol: str = ""


def _first(rows: tuple[TableRow, ...], most: int) -> tuple[TableRow, ...]:
    families = list(dict.fromkeys(row.family for row in rows))
    room = dict(
        zip(families, shares([sum(r.family == f for r in rows) for f in families], most), strict=True)
    )
    kept = []
    for row in rows:
        if room[row.family]:
            kept.append(row)
            room[row.family] -= 1
    return tuple(kept)


@dataclass(frozen=True)
class Table:
    """A table and its file name. `head` is the index of the column that names the row.

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
    kind: str = field(default="table", init=False)

    def visible(self, *levels: str) -> list[int]:
        """Indices of the columns at these levels."""
        return [i for i, column in enumerate(self.columns) if column.level in levels]

    @property
    def rows(self) -> int:
        """How many rows there are, drawn or not."""
        return sum(len(group.rows) for group in self.groups)

    def drawn(self) -> list[Group]:
        """The groups with the rows that are drawn: where there is no room for all, the first ones of each
        group and, within it, of each family."""
        if not self.most or self.rows <= self.most:
            return list(self.groups)
        room = shares([len(group.rows) for group in self.groups], self.most)
        return [
            replace(group, rows=_first(group.rows, most))
            for group, most in zip(self.groups, room, strict=True)
        ]

    @property
    def omission(self) -> str:
        """That rows are left out, and which; empty where all are drawn."""
        if not self.most or self.rows <= self.most:
            return ""
        part = "family" if len(self.families()) > 1 else "group" if len(self.groups) > 1 else ""
        return f"{self.most} of {self.rows} rows, the first{f' of each {part}' if part else ''}."

    def corpora(self) -> list[tuple[str, str]]:
        """The corpora of its groups, as (key, name for readers), in their order."""
        return list(
            {group.corpus: (group.corpus, group.name or group.title) for group in self.groups}.values()
        )

    def families(self) -> list[tuple[str, str]]:
        """The families its rows belong to, as (name, name for readers)."""
        found = {row.family for group in self.groups for row in group.rows if row.family}
        return [(name, FAMILY_NAMES.get(name, name)) for name in sorted(found)]


@dataclass(frozen=True)
class Figure:
    """A figure: how to draw it, what to see in it, what a reader who cannot see it should know, its data."""

    name: str
    caption: str
    alt: str
    draw: Callable[[], Drawing]
    data: Table
    kind: str = field(default="figure", init=False)


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean."""

    items: tuple[tuple[str, str], ...]
    kind: str = field(default="definitions", init=False)


@dataclass(frozen=True)
class Quotes:
    """Generated text: who wrote it, and the words, split into the prompt and its continuation."""

    items: tuple[tuple[str, str, str], ...]
    rows: tuple[int, ...] = ()
    kind: str = field(default="quotes", init=False)


@dataclass(frozen=True)
class Fold:
    """Blocks a reader opens."""

    title: str
    blocks: tuple[Block, ...]
    kind: str = field(default="fold", init=False)


Block = Paragraph | Table | Figure | Definitions | Quotes | Fold


@dataclass(frozen=True)
class Section:
    """A titled part of the report."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def data_table(name: str, columns: tuple[Column, ...], rows: list[TableRow]) -> Table:
    """The numbers behind a figure."""
    return Table(name, "", columns, (Group(tuple(rows)),))
