"""Finished runs as tables: one row a run, or one row a setting, ranked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.arguments import names
from benchmark.errors import UserError, did_you_mean
from benchmark.measure.measures import MEASURES
from benchmark.record.folder import RunRecord, read_runs
from benchmark.report.model_settings import settings_of
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.task_groups import measure_of

if TYPE_CHECKING:
    from pandas import DataFrame

    from benchmark.report.rows import Row
    from benchmark.report.task_groups import TaskGroup

#: What says which run a row is, before its measures.
_IDENTITY = (
    "corpus",
    "task",
    "model",
    "label",
    "family",
    "context",
    "seed",
    "train_share",
    "status",
    "protocol_id",
)

Names = str | Sequence[str]


def runs(
    results_dir: str | Path = "results",
    *,
    corpus: Names | None = None,
    model: Names | None = None,
    settings: Names = (),
    failed: bool = False,
) -> DataFrame:
    """Every finished run below a results folder, one row each, by corpus and test perplexity.

    The index `run` holds run ids, which `load`, `scores` and `compare` take. There is a column for each
    measure of docs/report.md, under its name in the CSV files. What a run did not measure is NaN; an infinite
    perplexity is `inf`. The measures of tasks beside language modelling are in columns `task_…`, where there
    are such runs. `attrs["units"]` has each column's unit, `attrs["definitions"]` what it means.

    `corpus` and `model` select by the names of the files in `conf/`. `settings` adds settings of the model as
    columns: `settings=["order", "training.learning_rate"]`; a run without one has None. With `failed=True`,
    runs without a result are kept, and `reason` says why they have none.

    Raises UserError for a setting that none of these runs has, and for a results folder that is a file.
    """
    from pandas import Series

    corpora, models = _wanted("corpus", corpus), _wanted("model", model)
    settings = names("settings", settings, '["order"]')
    found = [
        run
        for run in read_runs(Path(results_dir))
        if (failed or run.result.status == "ok")
        and (corpora is None or run.result.corpus in corpora)
        and (models is None or run.result.model in models)
    ]
    found.sort(key=lambda run: (run.result.corpus, run.result.test_perplexity or math.inf))
    chosen = [settings_of(run) for run in found] if settings else []
    _check(settings, chosen)
    frame = _frame([_run(run) for run in found], [run.folder.name for run in found], "run")
    for place, name in enumerate(settings):
        values = Series([own.get(name) for own in chosen], frame.index, dtype=object)
        frame.insert(len(_IDENTITY) + place, name, values)
    if failed:
        frame.insert(len(_IDENTITY), "reason", [run.result.reason for run in found])
    for key in dict.fromkeys(key for run in found for key in run.result.test_measures):
        frame[f"task_{key}"] = [run.result.test_measures.get(key, math.nan) for run in found]
    frame["folder"] = [str(run.folder) for run in found]
    return frame


def ranking(results_dir: str | Path = "results", *, corpus: Names | None = None) -> DataFrame:
    """The comparisons of the report: one row a setting, its seeds together, best first on each corpus.

    The index `label` names the setting. `rank_low` and `rank_high` are the range of its rank, and
    `perplexity_low` and `perplexity_high` the ends of the 95% interval of its test perplexity, over text and
    seeds; they are NaN where runs keep no losses by block. The other measures are means over the seeds.
    `runs` has the ids of the runs.

    Rows of tasks stand behind those of language models, by the task's main measure. `task` names their task,
    and their measures are in columns `task_…`, the ends of the main one's interval in `task_low` and
    `task_high`. There are such columns where there are such rows.
    """
    from benchmark.report.context import context_of

    corpora = _wanted("corpus", corpus)
    found = read_runs(Path(results_dir))
    records = [run for run in found if corpora is None or run.result.corpus in corpora]
    context = context_of(records, Path(results_dir)) if records else None
    rows = [row for group in context.ranked_groups for row in group.rows] if context else []
    of_tasks = [(group, row) for group in context.task_groups for row in group.rows] if context else []
    rows += [replace(row, ranks=group.rank_range(row)) for group, row in of_tasks]
    frame = _frame([_setting(row) for row in rows], [row.label for row in rows], "label")
    nothing = (math.nan, math.nan)
    for place, (name, of) in enumerate(_RANKED.items()):
        frame.insert(place, name, [float((of(row) or nothing)[place % 2]) for row in rows])
    before = [math.nan] * (len(rows) - len(of_tasks))
    for key in dict.fromkeys(measure.key for group, _ in of_tasks for measure in group.task.measures):
        frame[f"task_{key}"] = before + [_of_task(group, row, key) for group, row in of_tasks]
    for place, name in enumerate(("task_low", "task_high") if of_tasks else ()):
        frame[name] = before + [(group.interval(row) or nothing)[place] for group, row in of_tasks]
    frame["runs"] = [[run.folder.name for run in row.runs] for row in rows]
    return frame


_RANKED: dict[str, Callable[[Any], tuple[float, float] | None]] = {
    "rank_low": lambda row: row.ranks or (row.rank, row.rank),
    "rank_high": lambda row: row.ranks or (row.rank, row.rank),
    "perplexity_low": lambda row: row.interval,
    "perplexity_high": lambda row: row.interval,
}


def _of_task(group: TaskGroup, row: Row, key: str) -> float:
    """A measure of a row; NaN where its task has another, or its runs did not measure it."""
    found = [measure_of(row, measure) for measure in group.task.measures if measure.key == key]
    return math.nan if not found or found[0] is None else found[0]


def _wanted(name: str, value: Names | None) -> list[str] | None:
    """The names that an argument selects; None if it selects all. Raises UserError."""
    return (
        None if value is None else names(name, value, '["sotu", "ptb"]' if name == "corpus" else '["lstm"]')
    )


def _run(run: RunRecord) -> dict[str, Any]:
    row: dict[str, Any] = {key: getattr(run.result, key) for key in _IDENTITY}
    row["family"] = FAMILY_NAMES.get(run.result.family or "", run.result.family)
    return row | {measure.key: measure.read(run.result) for measure in MEASURES}


def _setting(row: Row) -> dict[str, Any]:
    """As `_run`, of the seeds together: the identity of the first, and the means of the measures."""
    return {**_run(row.runs[0]), "seed": None} | {measure.key: row.mean(measure) for measure in MEASURES}


def _check(wanted: Sequence[str], chosen: Sequence[dict[str, Any]]) -> None:
    known = sorted({name for settings in chosen for name in settings})
    for name in wanted:
        if chosen and name not in known:
            raise UserError(f"no run here has the setting {name!r}. {did_you_mean(name, known)}")


def _frame(rows: Sequence[dict[str, Any]], index: Sequence[str], name: str) -> DataFrame:
    from pandas import DataFrame

    keys = [measure.key for measure in MEASURES]
    frame = DataFrame(rows, columns=[*_IDENTITY, *keys], index=list(index)).rename_axis(index=name)
    frame = frame.astype({**dict.fromkeys(keys, float), "seed": "Int64"})
    frame.attrs["units"] = {measure.key: measure.unit for measure in MEASURES}
    frame.attrs["definitions"] = {measure.key: measure.definition for measure in MEASURES}
    return frame
