"""Estimates how long runs will take from the records of similar runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from benchmark.errors import UserError
from benchmark.record.folder import read_result
from benchmark.record.result import Result
from benchmark.sweep.outcome import PlannedRun

#: Seconds that a process needs to load its libraries and its corpus.
STARTUP = 4.0
#: Most records read for each model and corpus, so that a sweep starts without delay.
MOST_READ = 100
#: Settings that hardly affect how long a run takes.
INDIFFERENT = frozenset({"seed", "label", "name", "device"})

#: A run's model settings, and the seconds that it took.
Record = tuple[Mapping[str, Any], float]


def likely_seconds(runs: Sequence[PlannedRun]) -> dict[PlannedRun, float]:
    """For each run, the median time of the earlier runs whose settings differ least from its own.

    Earlier runs are those of the same model on the same corpus, in the results folder and among its
    reference runs. A run without any is left out.
    """
    records: dict[Path, list[Record]] = {}
    found = {}
    for run in runs:
        folder = run.folder.parent
        if folder not in records:
            records[folder] = list(islice(_records(run), MOST_READ))
        settings = run.job.config["model"]
        by_difference: dict[int, list[float]] = {}
        for other, seconds in records[folder]:
            by_difference.setdefault(_differences(settings, other), []).append(seconds)
        if by_difference:
            found[run] = median(by_difference[min(by_difference)])
    return found


def _records(run: PlannedRun) -> Iterator[Record]:
    below = run.folder.parent.relative_to(run.job.results_dir)
    for parent in (run.folder.parent, run.job.results_dir / "reference" / below):
        for folder in sorted(parent.glob("[!.]*/")):
            try:
                result = read_result(folder)
            except UserError:
                continue
            if result is not None and result.model_settings and (seconds := _seconds(result)) is not None:
                yield result.model_settings, seconds


def _seconds(result: Result) -> float | None:
    """About how long a recorded run took from beginning to end; a record has no such field."""
    train, rate, targets = result.train_seconds, result.score_tokens_per_second, result.test_targets
    if result.status != "ok" or train is None or not rate or not targets:
        return None
    return STARTUP + train + 2 * targets / rate  # the validation text is scored as well


def _differences(some: Any, other: Any) -> int:
    """How many settings differ."""
    if not (isinstance(some, Mapping) and isinstance(other, Mapping)):
        return int(some != other)
    keys = (some.keys() | other.keys()) - INDIFFERENT
    return sum(_differences(some.get(key), other.get(key)) for key in keys)
