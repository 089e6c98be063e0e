"""Showing a comparison: what its tables hold, and the table in plain text."""

from __future__ import annotations

import platform
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from benchmark import text
from benchmark.console import terminal
from benchmark.peers.record import Machine, Record, Row, rows_of_ours

RecordT = TypeVar("RecordT", bound=Record)

#: A machine that was busier than this before the first run had other work to do.
QUIET = 0.1


@dataclass(frozen=True)
class Pair:
    """A measured row, and our row of the same case (None if ours was not measured)."""

    record: Any
    ours: Row[Any, Any] | None
    its: Row[Any, Any]

    def ratio(self, name: str) -> float | None:
        """Our median of a field of the runs divided by its median; None if one of them has none."""
        ours = self.ours.median(name) if self.ours else None
        its = self.its.median(name)
        return ours / its if ours is not None and its else None


@dataclass(frozen=True)
class Column:
    """A column of a comparison's tables. Without `show` its values are words.

    `key` heads the column in a CSV file. A column at level `more` is in no printed report, and one at
    level `data` in the CSV file alone.
    """

    key: str
    title: str
    value: Callable[[Any], Any]
    show: Callable[[Any], str] | None = None
    level: Literal["key", "more", "data"] = "key"

    def shown(self, pair: Pair) -> str:
        """Its cell in a line of plain text."""
        value = self.value(pair)
        return str(value) if self.show is None else self.show(value)


class Presentation(ABC, Generic[RecordT]):
    """How one kind of comparison is shown."""

    columns: ClassVar[tuple[Column, ...]]
    #: What the columns mean.
    notes: ClassVar[tuple[str, ...]]
    #: Whether ours has rows of its own, rather than columns beside each peer.
    shows_ours: ClassVar[bool]

    @abstractmethod
    def heading(self, record: RecordT) -> str:
        """What was compared on, in a line."""

    @abstractmethod
    def conditions(self, record: RecordT) -> str:
        """How and where it was measured, in a line."""

    @abstractmethod
    def remarks(self, record: RecordT) -> list[str]:
        """What the table does not say, a line each."""

    def columns_of(self, records: Sequence[RecordT]) -> tuple[Column, ...]:
        """The columns of a table of these records: all of `columns`, unless some would say nothing there."""
        return self.columns

    def pairs(self, record: RecordT) -> list[Pair]:
        """The rows of the table."""
        ours = rows_of_ours(record.rows)
        pairs = [Pair(record, ours.get(row.case), row) for row in record.rows if row.runs]
        return [pair for pair in pairs if self.shows_ours or (pair.ours and pair.ours is not pair.its)]

    def all_remarks(self, record: RecordT) -> list[str]:
        """The remarks, and whether the machine was too busy for its figures to be published."""
        busy = record.machine.busy_before
        if busy is None or busy <= QUIET:
            return self.remarks(record)
        warning = f"the machine was {busy:.0%} busy with other work, so these figures are not fit to publish"
        return [*self.remarks(record), warning]

    def plain(self, record: RecordT) -> str:
        """The comparison as plain text."""
        columns = [column for column in self.columns_of([record]) if column.level != "data"]
        rows = [[column.shown(pair) for column in columns] for pair in self.pairs(record)]
        lines = [self.heading(record), self.conditions(record), ""]
        if rows:
            shown = [
                terminal.Column(
                    column.title,
                    right=column.show is not None,
                    folds=column.show is None,
                    spare=place if column.level == "more" else 0,
                )
                for place, column in enumerate(columns, start=1)
            ]
            lines += [terminal.table(shown, rows), ""]
        return "\n".join([*lines, *self.all_remarks(record), "", *self.notes])


def describe_machine(machine: Machine) -> str:
    """One line: `AMD EPYC 7B13, 2 cores, 25.2 GB, Linux 6.1.0, Python 3.11.7, numpy 2.1, nextword 0.1.0`."""
    commit = f" ({machine.commit[:10]})" if machine.commit else ""
    parts = [
        machine.processor or platform.machine(),
        f"{machine.cores} cores",
        text.size(machine.memory_bytes),
        machine.system,
        f"Python {machine.python}",
        f"numpy {machine.packages.get('numpy', 'unknown')}",
        f"nextword {machine.version}{commit}",
    ]
    return ", ".join(part for part in parts if part)


def unmeasured(rows: list[Row[Any, Any]]) -> list[str]:
    """Why there are no figures of a program, a line for each reason."""
    cases: dict[tuple[str, str, str | None], list[str]] = {}
    for row in rows:
        if row.status != "ok":
            cases.setdefault((row.title, row.status, row.reason), []).append(row.case.title)
    return [
        f"{title} ({'; '.join(found)}): {status}: {reason}"
        for (title, status, reason), found in cases.items()
    ]
