"""A plan: steps of several commands, carried out in order as far as the time goes, and resumed later."""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from benchmark.errors import UserError
from benchmark.gpu.process import Command, Ended, run_limited
from benchmark.gpu.summary import FINISHED, Figures, PartState, StepState, Summary
from benchmark.peers.record import without_folders
from benchmark.text import duration

Say = Callable[[str], None]
Clock = Callable[[], float]

#: A part that is alone in its step has a moment less than the step.
TOLERANCE = 0.5
#: Seconds kept back at the end of a call, to write the summary.
MARGIN = 2.0


@dataclass(frozen=True)
class Column:
    """A column of a step's table: the key of its figures, a title, how they are shown (None: words)."""

    key: str
    title: str
    show: Callable[..., str] | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a part: its status, why it is not ok, and its figures in rows."""

    status: Literal["ok", "failed", "skipped"]
    reason: str | None = None
    rows: Sequence[Figures] = ()
    #: What else there is to say, a line each.
    details: Sequence[str] = ()


class Part(ABC):
    """One command of a step.

    `least` is the time in seconds below which it is not worth starting, `limit` the time at which it is
    stopped and counts as failed.
    """

    name: str
    least: float
    limit: float

    @abstractmethod
    def command(self, seconds: float) -> Command:
        """The command, which will be stopped after so many seconds."""

    @abstractmethod
    def outcome(self, ended: Ended) -> Outcome:
        """What a command that ended by itself has shown, from its output and what it has written."""

    def so_far(self, ended: Ended) -> Sequence[Figures]:
        """What a command that was stopped had found by then."""
        return ()


class Step(ABC):
    """Some parts that show one thing. The more valuable parts come first."""

    name: str
    #: What it shows, in a few words.
    proves: str
    #: The most seconds for all its parts together.
    limit: float
    #: The figures of its parts in the summary.
    columns: ClassVar[tuple[Column, ...]]

    def missing(self) -> str | None:
        """Why it cannot run here at all, or None if it can. A UserError says the same."""
        return None

    @abstractmethod
    def parts(self) -> Sequence[Part]:
        """Its parts."""


def carry_out(
    steps: Sequence[Step],
    summary: Summary,
    results_dir: Path,
    *,
    seconds: float | None,
    rerun: bool,
    say: Say,
    save: Callable[[], None],
    clock: Clock = time.monotonic,
) -> None:
    """Carry out what is not finished yet, within so many seconds (None: no limit).

    `summary` is kept up to date and `save` is called after every change. With `rerun`, finished parts are
    repeated; until then their results stay.
    """
    deadline = float("inf") if seconds is None else clock() + seconds - MARGIN
    for step in steps:
        state = summary.step(step.name, step.proves)
        for part in step.parts():
            state.part(part.name)
        _Run(step, state, results_dir, deadline, rerun, say, save, clock).carry_out()
        save()


@dataclass(frozen=True)
class _Run:
    """A step in one call. `deadline` is the end of the call's time."""

    step: Step
    state: StepState
    results_dir: Path
    deadline: float
    rerun: bool
    say: Say
    save: Callable[[], None]
    clock: Clock

    def carry_out(self) -> None:
        state = self.state
        if state.finished and not self.rerun:
            self.say(f"{state.name}: {state.status}, finished earlier")
            return
        reason = self._missing()
        state.skipped, state.reason = reason is not None, reason
        if reason:
            self.say(f"{state.name}: skipped: {reason}")
            return
        end = min(self.clock() + self.step.limit, self.deadline)
        waiting = []
        for part in self.step.parts():
            own = state.part(part.name)
            if own.status in FINISHED and not self.rerun:
                continue
            left = end - self.clock()
            if left >= part.least:
                self._run(part, own, left)
                continue
            reason = f"it takes {part.least:.0f} s at least, and {max(left, 0):.0f} s were left"
            waiting.append(f"{part.name}: not started: {reason}")
            if own.status not in FINISHED:
                own.status, own.reason = "waiting", reason
        if waiting:
            others = f" (and {len(waiting) - 1} more)" if len(waiting) > 1 else ""
            self.say(f"{state.name}, {waiting[0]}{others}")

    def _missing(self) -> str | None:
        """What the step lacks; whatever is wrong with looking for it must not end the plan."""
        try:
            return self.step.missing()
        except UserError as error:
            return str(error)
        except Exception as error:
            return f"it cannot be prepared: {type(error).__name__}: {error}"

    def _run(self, part: Part, own: PartState, left: float) -> None:
        seconds = min(left, part.limit)
        command = part.command(seconds)
        log = Path("logs") / (re.sub(r"[^\w.]+", "-", f"{self.state.name}-{part.name}") + ".log")
        own.command = without_folders(" ".join(command.arguments))
        own.status, own.reason, own.log = "running", None, str(log)
        own.rows, own.details = [], []
        self.say(f"{self.state.name}, {part.name}: at most {duration(seconds)}")
        self.save()
        ended = run_limited(command, seconds, self.results_dir / log)
        own.seconds = round(ended.seconds, 1)
        outcome = self._outcome(part, ended)
        own.rows, own.details = [dict(row) for row in outcome.rows], list(outcome.details)
        own.status, own.reason = outcome.status, outcome.reason and without_folders(outcome.reason)
        if ended.stopped:
            at_limit = seconds > part.limit - TOLERANCE
            own.status = "failed" if at_limit else "stopped"
            own.reason = f"after {duration(seconds)}, " + ("its limit" if at_limit else "when time was up")
        self.say(f"{self.state.name}, {part.name}: {own.status}{f': {own.reason}' if own.reason else ''}")
        self.save()

    def _outcome(self, part: Part, ended: Ended) -> Outcome:
        """What the part makes of its end; whatever is wrong with that must not end the plan."""
        try:
            return Outcome("ok", None, part.so_far(ended)) if ended.stopped else part.outcome(ended)
        except Exception as error:
            return Outcome("failed", f"its results cannot be read: {type(error).__name__}: {error}")
