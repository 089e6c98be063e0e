"""What `gpu.json` records: the machine, the calls, and every step and its parts, as far as they have come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from benchmark.errors import UserError
from benchmark.storage.files import write_json

FILE, PAGE = "gpu.json", "gpu.md"

#: `running` is what a plan that was killed leaves behind; `stopped`: the time of the call was up.
PartStatus = Literal["waiting", "running", "ok", "failed", "skipped", "stopped"]
#: A part with one of these is not repeated unless asked.
FINISHED: tuple[PartStatus, ...] = ("ok", "failed", "skipped")

#: A row of the summary: numbers and words by the keys of its columns.
Figures = Mapping[str, float | int | str | None]


@dataclass(kw_only=True)
class PartState:
    """One command of a step, or the reason why there are no figures of it."""

    name: str
    status: PartStatus = "waiting"
    reason: str | None = None
    #: Wall-clock seconds of the whole process.
    seconds: float | None = None
    #: The command line, without the folders of the machine.
    command: str | None = None
    #: File with all that it printed, below the results folder.
    log: str | None = None
    rows: list[dict[str, float | int | str | None]] = field(default_factory=list)
    #: What else there is to say, a line each: which tests failed, and how.
    details: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class StepState:
    """A step with its parts. `reason` says why it did not start, or why it was skipped as a whole."""

    name: str
    proves: str
    skipped: bool = False
    reason: str | None = None
    parts: list[PartState] = field(default_factory=list)

    @property
    def status(self) -> str:
        """`ok`, `failed`, `skipped`, `unfinished` or `not started`."""
        statuses = {part.status for part in self.parts}
        if "failed" in statuses:
            return "failed"
        if statuses and statuses <= {"ok", "skipped"}:
            return "ok" if "ok" in statuses else "skipped"
        if self.skipped:
            return "skipped"
        return "not started" if statuses <= {"waiting"} else "unfinished"

    @property
    def finished(self) -> bool:
        """Whether no part is left to do."""
        return bool(self.parts) and all(part.status in FINISHED for part in self.parts)

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of all parts."""
        return sum(part.seconds or 0.0 for part in self.parts)

    def part(self, name: str) -> PartState:
        """The part of that name; a new one if it is not there yet."""
        for part in self.parts:
            if part.name == name:
                return part
        self.parts.append(PartState(name=name))
        return self.parts[-1]


@dataclass(kw_only=True)
class Call:
    """One call of `nextword gpu`."""

    #: ISO 8601, UTC.
    started: str
    #: The command line, without the folders of the machine.
    command: str
    #: Seconds that it was given; None: as many as it takes.
    budget: float | None
    #: Seconds that it has used so far.
    seconds: float = 0.0


@dataclass(kw_only=True)
class Summary:
    """All that is known of a plan. A plan at toy size shows that the steps work, and nothing else."""

    device: str
    toy: bool
    #: What was found: names of the device and the processor, versions.
    machine: dict[str, str | int | None] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    steps: list[StepState] = field(default_factory=list)

    def step(self, name: str, proves: str) -> StepState:
        """The step of that name; a new one if it is not there yet."""
        for step in self.steps:
            if step.name == name:
                step.proves = proves
                return step
        self.steps.append(StepState(name=name, proves=proves))
        return self.steps[-1]

    def save(self, results_dir: Path) -> None:
        """Write `gpu.json`. Raises UserError."""
        write_json(results_dir / FILE, asdict(self))


def open_summary(results_dir: Path, device: str, toy: bool) -> Summary:
    """The summary of a results folder, or a new one.

    Raises UserError if the file cannot be read, or holds a plan for another device or of another size.
    """
    path = results_dir / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Summary(device=device, toy=toy)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {error}; delete it to begin anew") from error
    from pydantic import TypeAdapter, ValidationError

    try:
        summary = TypeAdapter(Summary).validate_python(data)
    except ValidationError as error:
        raise UserError(f"{path} is not a summary of nextword gpu; delete it to begin anew") from error
    if (summary.device, summary.toy) != (device, toy):
        size = "toy" if summary.toy else "full"
        raise UserError(
            f"{path} holds a plan of {size} size on {summary.device}; "
            "give --results-dir another folder, or delete that one"
        )
    return summary
