"""The side-by-side measurement: interleaved runs, medians, and ours divided by theirs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmark.peers.contestants import Case, Contestant, Reading, Stage, Unreadable
from benchmark.peers.process import Spent, measured

Say = Callable[[str], None]
#: What is measured of every run.
MEASURES = ("seconds", "cpu_seconds", "peak_bytes", "scored_per_second")


@dataclass
class Row:
    """One contestant at one order: its runs so far, or why there are none."""

    order: int
    contestant: Contestant
    status: str = "ok"
    reason: str | None = None
    commands: list[str] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    reading: Reading | None = None

    def recorded(self) -> dict[str, Any]:
        """The row as JSON: medians of what was measured, the least and the most, and every run."""
        row: dict[str, Any] = {
            "order": self.order,
            "contestant": self.contestant.name,
            "title": self.contestant.title,
            "status": self.status,
            "reason": self.reason,
            "commands": self.commands,
            "runs": self.runs,
        }
        if self.runs and self.reading:
            for measure in MEASURES:
                values = [run[measure] for run in self.runs if run[measure] is not None]
                row[measure] = median(values) if values else None
            seconds = [run["seconds"] for run in self.runs]
            row |= {"seconds_least": min(seconds), "seconds_most": max(seconds)}
            row |= {key: getattr(self.reading, key) for key in ("perplexity", "perplexity_known", "oov")}
        return row

    def said(self) -> str:
        """How the last run went, in a few words."""
        if self.status != "ok":
            return f"{self.status}: {self.reason}"
        last = self.runs[-1]
        return f"{last['seconds']:.2f} s, {last['peak_bytes'] / 1e6:,.0f} MB"


def compare(
    contestants: Sequence[Contestant],
    cases: Sequence[Case],
    texts: Sequence[Path],
    repeats: int,
    work: Path,
    save: Callable[[list[dict[str, Any]]], None],
    say: Say,
) -> list[dict[str, Any]]:
    """Run every contestant on every case, taking turns, `repeats` times; `save` is called as it goes on.

    `texts` are the files the cases name. A contestant that fails sits out the rest of its case.
    """
    rows: list[Row] = []
    for case in cases:
        turn = [Row(case.order, contestant) for contestant in contestants]
        rows += turn
        for row in turn:
            if row.contestant.missing:
                row.status, row.reason = "skipped", row.contestant.missing
        for repeat in range(1, repeats + 1):
            for row in turn:
                if row.status == "ok":
                    run_once(row, case, texts, work / row.contestant.name)
                    who = f"order {case.order}, run {repeat} of {repeats}, {row.contestant.title}"
                    say(f"{who}: {row.said()}")
                    save(with_ratios([row.recorded() for row in rows]))
    return with_ratios([row.recorded() for row in rows])


def with_ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add `time_ratio`, `memory_ratio` and `perplexity_ratio` (known words): ours over each of its order."""
    ours = {row["order"]: row for row in rows if row["contestant"] == "ours" and "seconds" in row}
    for row in rows:
        if "seconds" in row and (own := ours.get(row["order"])):
            row["time_ratio"] = own["seconds"] / row["seconds"]
            row["memory_ratio"] = own["peak_bytes"] / row["peak_bytes"]
            known = own["perplexity_known"], row["perplexity_known"]
            row["perplexity_ratio"] = known[0] / known[1] if None not in known else 1.0
    return rows


def run_once(row: Row, case: Case, texts: Sequence[Path], folder: Path) -> None:
    """One run of all stages in a fresh folder, added to the row; where one fails, the row says why."""
    with _folder(folder, texts):
        _run(row, case, folder)


def _run(row: Row, case: Case, folder: Path) -> None:
    stages = row.contestant.stages(case)
    row.commands = [_shown(stage) for stage in stages]
    spent: list[Spent] = []
    for stage in stages:
        spent.append(measured(stage.command, folder, folder / stage.source if stage.source else None))
        if failure := spent[-1].failure:
            row.status, row.reason = "failed", f"{Path(stage.command[0]).name}: {failure}"
            return
    try:
        row.reading = row.contestant.read(spent)
    except Unreadable as error:
        row.status, row.reason = "failed", f"{Path(stages[0].command[0]).name}: {error}"
        return
    counted = [one for one, stage in zip(spent, stages, strict=True) if stage.counted]
    row.runs.append(
        {
            "seconds": sum(one.seconds for one in counted),
            "cpu_seconds": sum(one.cpu_seconds for one in counted),
            "peak_bytes": max(one.peak_bytes for one in counted),
            "scored_per_second": row.reading.scored_per_second,
            "stages": [_stage(one, stage) for one, stage in zip(spent, stages, strict=True)],
            "printed": row.reading.details,
        }
    )


def _stage(spent: Spent, stage: Stage) -> dict[str, Any]:
    return {
        "program": Path(stage.command[0]).name,
        "counted": stage.counted,
        "seconds": spent.seconds,
        "cpu_seconds": spent.cpu_seconds,
        "peak_bytes": spent.peak_bytes,
    }


def _shown(stage: Stage) -> str:
    """The command line as it was given, without the folder that its program lies in."""
    program, *rest = stage.command
    source = f" < {stage.source or '/dev/null'}" if stage.source or not stage.counted else ""
    return " ".join([Path(program).name, *rest]) + source


@contextmanager
def _folder(path: Path, texts: Sequence[Path]) -> Iterator[Path]:
    """An empty folder with the texts in it by name, gone afterwards with all that was written there."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        for text in texts:
            (path / text.name).symlink_to(text)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
