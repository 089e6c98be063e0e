"""The comparison: the contestants take turns on one task after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from benchmark.peers.record import ProgramFile, Row, without_folders

Say = Callable[[str], None]


class ProgramFailed(Exception):
    """A program failed, or did not print what it should.

    `reason` says why in one line; folders of this machine are removed from it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(without_folders(reason))


class Case(Protocol):
    """What a contestant is measured on, as the record names it: a frozen dataclass."""

    @property
    def title(self) -> str:
        """What progress lines and tables call it."""


class Task(Protocol):
    """A case with all that is needed to run it."""

    @property
    def case(self) -> Any:
        """Its case."""


class Contestant:
    """A program to be compared. `missing` is the reason why it cannot run at all, or None."""

    name: str
    title: str
    missing: str | None = None

    def unfit(self, case: Any) -> str | None:
        """Why it cannot run this case, or None if it can."""
        return None

    def files(self) -> list[ProgramFile]:
        """The files that determine what it does."""
        return []


class Run(Protocol):
    """What was measured in one run."""

    @property
    def summary(self) -> str:
        """How it went, in a few words."""


ContestantT = TypeVar("ContestantT", bound=Contestant)
TaskT = TypeVar("TaskT", bound=Task)
CaseT = TypeVar("CaseT", bound=Case)
RunT = TypeVar("RunT", bound=Run)


@dataclass(frozen=True)
class Entry(Generic[ContestantT, CaseT, RunT]):
    """A contestant that takes part in a case, and its row."""

    contestant: ContestantT
    row: Row[CaseT, RunT]


@dataclass(frozen=True)
class Comparison(Generic[ContestantT, TaskT, CaseT, RunT]):
    """What to compare and how. Every contestant is run `rounds` times on each task, all taking turns.

    `measure` runs a contestant once; it raises ProgramFailed. `admit` is called before the first round of
    each task and can let contestants drop out. `save` is called after every run, once `rows` has it.
    """

    contestants: Sequence[ContestantT]
    tasks: Iterable[TaskT]
    rounds: int
    measure: Callable[[Entry[ContestantT, CaseT, RunT], TaskT], RunT]
    rows: list[Row[CaseT, RunT]]
    save: Callable[[], None]
    say: Say
    admit: Callable[[TaskT, Sequence[Entry[ContestantT, CaseT, RunT]]], None] | None = None

    def carry_out(self) -> None:
        """Fill `rows`. A contestant that fails takes no further part in that case."""
        for task in self.tasks:
            entries = [
                Entry(one, Row[CaseT, RunT](case=task.case, contestant=one.name, title=one.title))
                for one in self.contestants
            ]
            self.rows.extend(entry.row for entry in entries)
            for entry in entries:
                if reason := entry.contestant.missing or entry.contestant.unfit(task.case):
                    entry.row.drop_out("skipped", reason)
            if self.admit:
                self.admit(task, entries)
            for entry in entries:
                if entry.row.status != "ok":
                    self.say(f"{task.case.title}, {entry.row.title}: {outcome(entry.row)}")
            for number in range(1, self.rounds + 1):
                for entry in entries:
                    if entry.row.status == "ok":
                        self._run_once(entry, task, number)
            self.save()

    def _run_once(self, entry: Entry[ContestantT, CaseT, RunT], task: TaskT, number: int) -> None:
        try:
            entry.row.runs.append(self.measure(entry, task))
        except ProgramFailed as error:
            entry.row.drop_out("failed", str(error))
        round_ = f", round {number} of {self.rounds}" if self.rounds > 1 else ""
        self.say(f"{task.case.title}{round_}, {entry.row.title}: {outcome(entry.row)}")
        self.save()


def outcome(row: Row[Any, Any]) -> str:
    """How the last run went, or why there is none, in a few words."""
    return str(row.runs[-1].summary) if row.status == "ok" else f"{row.status}: {row.reason}"
