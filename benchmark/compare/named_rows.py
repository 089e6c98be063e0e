"""The rows of a comparison, in the order in which their runs are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmark import text
from benchmark.errors import UserError
from benchmark.record.folder import RunRecord
from benchmark.report.group_runs import group_runs
from benchmark.report.rows import Row


def distinct(runs: Sequence[RunRecord]) -> list[RunRecord]:
    """The runs, each once. Raises UserError for fewer than two."""
    found = list({run.folder.resolve(): run for run in runs}.values())
    if len(found) < 2:
        raise UserError("a comparison takes two runs or more; name another one")
    return found


def named_rows(runs: Sequence[RunRecord]) -> list[Row]:
    """A row for the runs of each setting, which differ in nothing but their seed, unless all of them would be
    one: then a row for each run. They are numbered from 1."""
    rows = group_runs(runs)
    if len(rows) == 1:
        rows = [_apart(run, runs) for run in runs]
    order = {run.folder: place for place, run in enumerate(runs)}
    rows.sort(key=lambda row: min(order[run.folder] for run in row.runs))
    return [replace(row, number=number) for number, row in enumerate(rows, start=1)]


def is_random(row: Row) -> bool:
    """Whether another seed would have given another result. Older records of mixtures name no seed."""
    return row.first.seed is not None or row.family != "count"


def one_seed_note(rows: Sequence[Row]) -> list[str]:
    """Of which rows nothing is known of other seeds; nothing if there are none."""
    alone = [row.label for row in rows if is_random(row) and len(row.runs) == 1]
    if not alone:
        return []
    return [
        f"One seed of {text.listed(alone)}: how much another seed would differ is in no interval and in no "
        "p-value here."
    ]


def _apart(run: RunRecord, others: Sequence[RunRecord]) -> Row:
    """A row of one seed, named by it, or by the run's id if others have the same seed."""
    (row,) = group_runs([run])
    seeds = [other.result.seed for other in others]
    name = f"seed {run.result.seed}" if len(set(seeds)) == len(seeds) else run.folder.name
    return replace(row, label=f"{row.label}, {name}")
