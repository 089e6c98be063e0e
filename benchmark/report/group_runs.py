"""From run folders to rows: superseded runs dropped, seeds of one setting grouped, labels made distinct."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from benchmark import text
from benchmark.record.folder import RunRecord
from benchmark.record.outdated import recency
from benchmark.record.result import Result
from benchmark.report.model_settings import distinguishing, settings_and_seeds
from benchmark.report.rows import Row


@dataclass(frozen=True)
class _KeyedRun:
    """A run and the keys that decide which row it belongs to."""

    record: RunRecord
    settings: dict[str, Any]
    seed: tuple[str, ...]
    setting: str
    scored: str

    @cached_property
    def recency(self) -> tuple[Any, ...]:
        """Sorts runs of like settings: the highest is the one that counts."""
        return (*recency(self.record.result), str(self.record.folder))

    @property
    def done(self) -> bool:
        return self.record.result.status == "ok"


def group_runs(records: Iterable[RunRecord]) -> list[Row]:
    """Rows in a stable order, numbered from 1.

    The runs of a row agree in corpus, protocol, model, label, history, training text and settings; they
    differ in their seed. Of two runs with the same seed, that of the newer version or source counts (see
    `record.outdated.recency`), and a run that failed gives way to a newer one that succeeded.
    """
    rows: dict[tuple[str, str], list[_KeyedRun]] = defaultdict(list)
    for run in _latest([_keyed(record) for record in records]):
        rows[run.setting, run.scored].append(run)
    grouped = []
    for _, runs in sorted(rows.items()):
        runs.sort(key=_seed_order)
        label = text.clean(_label(runs[0].record.result)) or "unnamed model"
        row = Row(tuple(run.record for run in runs), runs[0].settings, label)
        grouped.append(replace(row, label=text.with_share(label, row.train_share)))
    return [replace(row, number=number) for number, row in enumerate(_with_distinct_labels(grouped), start=1)]


def _keyed(record: RunRecord) -> _KeyedRun:
    result, (settings, seed) = record.result, settings_and_seeds(record)
    setting = [result.corpus, result.model, _label(result), settings, result.train_share]
    # A failed run may have died before it was known what it would be scored on.
    ok = result.status == "ok"
    scored = [result.protocol_id, result.context, result.train_targets] if ok else [result.status]
    return _KeyedRun(record, settings, seed, _key(setting), _key(scored))


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _label(result: Result) -> str:
    return result.label or result.model


def _latest(runs: list[_KeyedRun]) -> list[_KeyedRun]:
    """The runs that count. Which of two is newer depends on their sources, so it is asked of rivals only."""
    alike: dict[tuple[str, str, tuple[str, ...]], list[_KeyedRun]] = defaultdict(list)
    for run in runs:
        alike[run.setting, run.scored, run.seed].append(run)
    latest = [
        same[0] if len(same) == 1 else max(same, key=lambda run: run.recency) for same in alike.values()
    ]
    succeeded: dict[tuple[str, tuple[str, ...]], list[_KeyedRun]] = defaultdict(list)
    for run in latest:
        if run.done:
            succeeded[run.setting, run.seed].append(run)

    def counts(run: _KeyedRun) -> bool:
        rivals = [] if run.done else succeeded[run.setting, run.seed]
        return all(rival.recency < run.recency for rival in rivals)

    return [run for run in latest if counts(run)]


def _seed_order(run: _KeyedRun) -> tuple[float, str]:
    seed = run.record.result.seed
    return (-1.0 if seed is None else seed, str(run.record.folder))


def _with_distinct_labels(rows: list[Row]) -> list[Row]:
    """Gives rows distinct labels: finished rows that share one get the settings in which they differ."""
    same: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if row.done:
            same[row.corpus, row.protocol_id, row.label].append(index)
    named = list(rows)
    for indices in same.values():
        additions = distinguishing([_distinguishing_settings(rows[i]) for i in indices])
        for index, addition in zip(indices, additions, strict=True):
            if addition:
                named[index] = replace(rows[index], label=f"{rows[index].label} ({addition})")
    return named


def _distinguishing_settings(row: Row) -> dict[str, Any]:
    shared = {name: getattr(row.first, name) for name in ("model", "context", "train_targets")}
    return {**shared, **row.settings}
