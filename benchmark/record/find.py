"""Finding one run by what a person types."""

from __future__ import annotations

from pathlib import Path

from benchmark.errors import UserError, did_you_mean
from benchmark.record.folder import RunRecord, read_result, read_runs


def find_run(results_dir: Path, text: str) -> RunRecord:
    """The run that a folder, the beginning of a run id, a model, or `corpus/model` names.

    Among several of one model, the latest. Raises UserError where none fits or an id is ambiguous.
    """
    folder = Path(text)
    if folder.is_dir():
        result = read_result(folder)
        if result is None:
            raise UserError(f"{folder} holds no finished run; `nextword status` lists them")
        return RunRecord(folder, result)
    runs = read_runs(results_dir)
    if not runs:
        raise UserError(
            f"there is no finished run below {results_dir}; make one: nextword run corpus=sotu_small"
        )
    by_id = [run for run in runs if run.folder.name.startswith(text)]
    if len(by_id) > 1:
        raise UserError(
            f"{text!r} begins {len(by_id)} run ids: " + ", ".join(r.folder.name for r in by_id[:5])
        )
    named = [run for run in runs if text in (_model(run), f"{_corpus(run)}/{_model(run)}")]
    finished = [run for run in named if run.result.get("status") == "ok"]
    if by_id or finished or named:
        return (by_id or sorted(finished or named, key=lambda run: str(run.result.get("started"))))[-1]
    known = {name for run in runs for name in (f"{_corpus(run)}/{_model(run)}", _model(run))}
    raise UserError(f"there is no run {text!r} below {results_dir}. {did_you_mean(text, known)}")


def _model(run: RunRecord) -> str:
    return run.folder.parent.name


def _corpus(run: RunRecord) -> str:
    return run.folder.parents[1].name
