"""What a comparison records, and where: `RESULTS_DIR/peers/NAME-DATE/FILE`, in JSON.

Medians, extremes and ratios are not stored: they are computed from the runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import chain, count
from pathlib import Path
from statistics import median
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from benchmark.record.links import refuse_link
from benchmark.storage.files import write_json
from benchmark.storage.reading import checked, or_warn, read_json_object

CaseT = TypeVar("CaseT")
RunT = TypeVar("RunT")
RecordT = TypeVar("RecordT", bound="Record")

Status = Literal["ok", "failed", "skipped"]
#: Name of the contestant that all others are compared with.
OURS = "ours"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine, and the versions of what ran on it."""

    processor: str | None = None
    cores: int | None = None
    memory_bytes: int | None = None
    #: The first CUDA device's name.
    cuda: str | None = None
    #: Share of all processor time that other programs took just before the first run: 0 to 1.
    busy_before: float | None = None
    system: str | None = None
    python: str | None = None
    #: Versions by package.
    packages: dict[str, str] = field(default_factory=dict)
    #: nextword's version, the checkout's commit, and whether the code was changed since that commit.
    version: str | None = None
    commit: str | None = None
    commit_dirty: bool | None = None


@dataclass(frozen=True)
class ProgramFile:
    """A file of a contestant's program. `sha256` is the first 16 hexadecimal digits of its hash."""

    file: str
    sha256: str


@dataclass(kw_only=True)
class Row(Generic[CaseT, RunT]):
    """One contestant in one case: its runs, or why there are none."""

    case: CaseT
    contestant: str
    title: str
    status: Status = "ok"
    #: Why it was skipped or failed, in one line.
    reason: str | None = None
    #: Its command lines, without the folders of the machine.
    commands: list[str] = field(default_factory=list)
    #: Largest relative difference between its results and ours; None where this is not checked.
    difference_from_ours: float | None = None
    runs: list[RunT] = field(default_factory=list)

    def drop_out(self, status: Literal["failed", "skipped"], reason: str) -> None:
        """Take no further part in this case."""
        self.status, self.reason = status, reason

    def figures(self, name: str) -> list[float]:
        """The field `name` of every run that has it."""
        values = (getattr(run, name) for run in self.runs)
        return [value for value in values if value is not None]

    def median(self, name: str) -> float | None:
        """The median of a field over the runs; None if no run has it."""
        values = self.figures(name)
        return median(values) if values else None


@dataclass(kw_only=True)
class Record:
    """A comparison. Each kind adds `rows` and the conditions it was made under."""

    FILE: ClassVar[str]

    #: What was compared on: the name of the text.
    name: str
    #: ISO 8601, UTC.
    started: str
    #: The command line that repeats it.
    command: str
    machine: Machine
    #: The files of every contestant's program.
    programs: dict[str, list[ProgramFile]]
    #: How often every contestant was run in each case.
    rounds: int
    rows: list[Any] = field(default_factory=list)

    @property
    def subject(self) -> tuple[str, ...]:
        """What was compared, and on what machine: a later record of the same subject replaces this one."""
        return self.name, str(self.machine.processor)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a record. Raises Unreadable where the file does not hold such a record."""
        read: Self = checked(cls, read_json_object(path), path)
        return read

    def save(self, path: Path) -> None:
        """Write the record, and its folder if need be. Raises UserError."""
        for place in (path.parents[1], path.parent, path):
            refuse_link(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, asdict(self))


def now() -> str:
    """The time, for `started`."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def unused_path(results_dir: Path, name: str, started: str, file: str) -> Path:
    """Where a new record goes. It never replaces another one of the same day."""
    name = f"{name}-{started[:10]}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(path for one in names if not (path := results_dir / "peers" / one / file).exists())


def newest_records(results_dir: Path | None, kind: type[RecordT], file: str | None = None) -> list[RecordT]:
    """The newest record of each subject, in order of name.

    Left out are damaged records, with a warning, and those in which nothing was measured. `file` is the name
    of the records' files if it is not the usual one of their kind.
    """
    newest: dict[tuple[str, ...], RecordT] = {}
    for path in sorted(results_dir.glob(f"peers/*/{file or kind.FILE}")) if results_dir else []:
        record = or_warn(partial(kind.load, path), None)
        if record is None:
            continue
        same = record.subject
        measured = any(row.runs for row in record.rows)
        if measured and (same not in newest or record.started >= newest[same].started):
            newest[same] = record
    return [record for _, record in sorted(newest.items())]


def without_folders(text: str) -> str:
    """A text without the folders of this machine, which would say nothing to a reader: file names alone."""
    return re.sub(r"[^\s='\"(]*/([^\s/='\"]+)", r"\1", text)


def rows_of_ours(rows: Sequence[Row[CaseT, RunT]]) -> dict[CaseT, Row[CaseT, RunT]]:
    """Our row of every case in which ours was measured."""
    return {row.case: row for row in rows if row.contestant == OURS and row.runs}
