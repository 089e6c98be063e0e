"""One run of a contestant: all its programs, one after another, in a fresh folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.peers.compare import Entry, ProgramFailed
from benchmark.peers.ngram.contestants import NgramContestant, NgramTask, Stage
from benchmark.peers.ngram.record import NgramCase, NgramRun, StageUsage
from benchmark.peers.process import ProcessUsage, run_measured

NgramEntry = Entry[NgramContestant, NgramCase, NgramRun]


def warm_up(contestant: NgramContestant, task: NgramTask, work: Path) -> None:
    """Run all stages once without counting them. The system then holds the programs' files in memory, and
    ours has its bytecode. If one fails, the runs that count will say so."""
    with suppress(ProgramFailed):
        _used(contestant, contestant.stages(task), task, work)


def run_stages(entry: NgramEntry, task: NgramTask, work: Path) -> NgramRun:
    """Run all stages in a folder below `work` that is removed afterwards. Raises ProgramFailed."""
    contestant = entry.contestant
    stages = contestant.stages(task)
    entry.row.commands = [_command_line(stage) for stage in stages]
    used = _used(contestant, stages, task, work)
    try:
        reading = contestant.read(used)
    except ProgramFailed as error:
        raise ProgramFailed(f"{stages[0].program}: {error}") from error
    counted = [usage for usage, stage in zip(used, stages, strict=True) if stage.counted]
    return NgramRun(
        seconds=sum(usage.seconds for usage in counted),
        cpu_seconds=sum(usage.cpu_seconds for usage in counted),
        peak_bytes=max(usage.peak_bytes for usage in counted),
        scored_per_second=reading.scored_per_second,
        perplexity=reading.perplexity,
        perplexity_known=reading.perplexity_known,
        oov=reading.oov,
        stages=[
            StageUsage(stage.program, stage.counted, usage.seconds, usage.cpu_seconds, usage.peak_bytes)
            for usage, stage in zip(used, stages, strict=True)
        ],
        printed=reading.printed,
    )


def _used(
    contestant: NgramContestant, stages: Sequence[Stage], task: NgramTask, work: Path
) -> list[ProcessUsage]:
    """What each stage used and printed. Raises ProgramFailed."""
    used: list[ProcessUsage] = []
    with _folder(work / contestant.name, task.files) as folder:
        for stage in stages:
            source = folder / stage.source if stage.source else None
            used.append(run_measured(stage.command, folder, source, stage.environment))
            if failure := used[-1].failure:
                raise ProgramFailed(f"{stage.program}: {failure}")
    return used


def _command_line(stage: Stage) -> str:
    """The command line as it was given, without the folder that its program is in."""
    source = f" < {stage.source or '/dev/null'}" if stage.source or not stage.counted else ""
    return " ".join([stage.program, *stage.command[1:]]) + source


@contextmanager
def _folder(path: Path, texts: Sequence[Path]) -> Iterator[Path]:
    """A new folder that holds the texts by name; it is removed with all that was written there."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        for text in texts:
            (path / text.name).symlink_to(text)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
