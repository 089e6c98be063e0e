"""Finding one run by what a person types."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from benchmark.errors import UserError, did_you_mean
from benchmark.record.folder import RESULT, RunRecord, finished_folders, read_folders, read_result
from benchmark.record.trials import trial_ids
from benchmark.storage.reading import warn_once
from benchmark.text import plural, with_share

#: How many levels a results folder is above its runs: `runs/<corpus>/<model>/<run_id>`.
AROUND = 4


def find_run(results_dir: Path, text: str, say: Callable[[str], None] = warn_once) -> RunRecord:
    """The run that a folder, the beginning of a run id, a model, or `corpus/model` names; an id may
    stand behind its `corpus/model/`.

    Among several of one model, the latest that is more than a trial of a search, if there is one; `say` is
    told which that is. Raises UserError where none fits or an id is ambiguous.
    """
    folder = Path(text)
    if folder.is_dir():
        result = read_result(folder)
        if result is None:
            raise UserError(_no_run(folder))
        return RunRecord(folder, result)
    folders = finished_folders(results_dir)
    if not folders:
        raise UserError(
            f"there is no finished run below {results_dir}; make one: nextword run corpus=sotu_small"
        )
    by_id = [folder for folder in folders if _begins_id(text, folder)]
    if len(by_id) > 1:
        alike = len({folder.name for folder in by_id}) < len(by_id)  # one corpus under two names
        names = [_full_name(folder) if alike else folder.name for folder in by_id[:5]]
        raise UserError(f"{text!r} begins {len(by_id)} run ids: {', '.join(names)}")
    named = read_folders(by_id or [folder for folder in folders if text in _names(folder)])
    if len(named) > 1:
        return _latest(text, named, trial_ids(results_dir), say)
    if named:
        return named[0]
    with_id = text.count("/") > 1
    known = {name for folder in folders for name in ([_full_name(folder)] if with_id else _names(folder))}
    raise UserError(f"there is no run {text!r} below {results_dir}. {did_you_mean(text, known)}")


def _latest(
    text: str, named: Sequence[RunRecord], trials: Collection[str], say: Callable[[str], None]
) -> RunRecord:
    """The latest of several runs: a finished one and no mere trial, where there are such."""
    able = [run for run in named if run.result.status == "ok"] or named
    # what a search tried is of no interest by itself, and often bad
    chosen = [run for run in able if run.result.run_id not in trials] or able
    taken = max(chosen, key=lambda run: run.result.started or "")
    passed = len(able) - len(chosen)
    but = f", {passed} of them only tried by searches" if passed else ""
    seed = "" if taken.result.seed is None else f", seed {taken.result.seed}"
    label = with_share(taken.result.label, taken.result.train_share)
    of = "latest of the others" if passed else "latest"
    say(f"{text} names {len(named)} runs{but}; taking the {of}: {label}, {_full_name(taken.folder)}{seed}")
    return taken


def _no_run(folder: Path) -> str:
    """Why a folder names no run, and what would: one of those below it, if it is around runs."""
    levels = (sorted(folder.glob(f"{'*/' * depth}{RESULT}")) for depth in range(1, AROUND + 1))
    runs = next(filter(None, levels), [])
    if not runs:
        return f"{folder} holds no finished run; `nextword status` lists them"
    return f"{folder} holds {plural(len(runs), 'run')}: name one, such as {runs[0].parent}"


def _names(folder: Path) -> tuple[str, str]:
    """What a person calls the runs of a model: by the model, or by corpus and model."""
    model, corpus = folder.parent.name, folder.parents[1].name
    return model, f"{corpus}/{model}"


def _full_name(folder: Path) -> str:
    """What names a run and no other: its corpus, its model and its id."""
    return f"{_names(folder)[1]}/{folder.name}"


def _begins_id(text: str, folder: Path) -> bool:
    """Whether a text is a run's id or the beginning of it, by itself or behind `corpus/model/`."""
    place, _, start = text.rpartition("/")
    return place in ("", _names(folder)[1]) and folder.name.startswith(start)
