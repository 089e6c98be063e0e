"""From run folders to rows: outdated runs left out, seeds of one setting folded, labels told apart."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from benchmark import text
from benchmark.record.folder import RunRecord
from benchmark.report.rows import Row, number_of
from benchmark.report.settings import distinguishing, settings_of


@dataclass(frozen=True)
class _Run:
    """A run and what decides which row it belongs to."""

    record: RunRecord
    settings: dict[str, Any]
    setting: str
    scored: str

    @property
    def seed(self) -> str:
        return str(self.record.result.get("seed"))

    @property
    def started(self) -> str:
        return str(self.record.result.get("started") or "")

    @property
    def done(self) -> bool:
        return self.record.result.get("status") == "ok"


def fold(records: Iterable[RunRecord]) -> list[Row]:
    """Rows in a stable order, numbered from 1.

    A row is what shares corpus, protocol, model, label, history, training text and settings but the
    seed. Of two runs of one seed (the baseline's source changed between them) the later one counts,
    and a run that failed gives way to a later one that succeeded.
    """
    rows: dict[tuple[str, str], list[_Run]] = defaultdict(list)
    for run in _current([_placed(record) for record in records]):
        rows[run.setting, run.scored].append(run)
    folded = []
    for _, runs in sorted(rows.items()):
        runs.sort(key=_seed_order)
        label = text.clean(_label(runs[0].record.result)) or "unnamed model"
        row = Row(tuple(run.record for run in runs), runs[0].settings, label)
        share = "" if row.train_share == 1 else f", {text.percent(row.train_share)} of the training text"
        folded.append(replace(row, label=label + share))
    return [replace(row, number=number) for number, row in enumerate(_told_apart(folded), start=1)]


def _placed(record: RunRecord) -> _Run:
    result, settings = record.result, settings_of(record)
    share = number_of(result, "train_share") or 1.0
    setting = [result.get("corpus"), result.get("model"), _label(result), settings, share]
    # A failed run may have died before it was known what it would be scored on.
    known = ("protocol_id", "context", "train_targets") if result.get("status") == "ok" else ("status",)
    return _Run(record, settings, _key(setting), _key([result.get(name) for name in known]))


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _label(result: dict[str, Any]) -> str:
    return str(result.get("label") or result.get("model") or "")


def _current(runs: list[_Run]) -> list[_Run]:
    latest: dict[tuple[str, str, str], _Run] = {}
    for run in sorted(runs, key=lambda run: (run.started, str(run.record.folder))):
        latest[run.setting, run.scored, run.seed] = run
    succeeded: dict[tuple[str, str], str] = {}
    for run in latest.values():
        if run.done:
            at = (run.setting, run.seed)
            succeeded[at] = max(run.started, succeeded.get(at, ""))

    def counts(run: _Run) -> bool:
        at = (run.setting, run.seed)
        return run.done or at not in succeeded or succeeded[at] < run.started

    return [run for run in latest.values() if counts(run)]


def _seed_order(run: _Run) -> tuple[float, str]:
    seed = number_of(run.record.result, "seed")
    return (-1.0 if seed is None else seed, str(run.record.folder))


def _told_apart(rows: list[Row]) -> list[Row]:
    """Finished rows of one corpus that share a label get the settings they differ in added to it."""
    same: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if row.done:
            same[row.corpus, row.shared("protocol_id"), row.label].append(index)
    named = list(rows)
    for indices in same.values():
        additions = distinguishing([_identity(rows[i]) for i in indices])
        for index, addition in zip(indices, additions, strict=True):
            if addition:
                named[index] = replace(rows[index], label=f"{rows[index].label} ({addition})")
    return named


def _identity(row: Row) -> dict[str, Any]:
    shared = {name: row.first.get(name) for name in ("model", "context", "train_targets")}
    return {**shared, **row.settings}
