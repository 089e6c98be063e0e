"""Repeating a finished run: until the repetition is whole, nothing of the run is lost, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from killing import killed_before

from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.errors import UserError
from benchmark.record.find import find_run
from benchmark.record.folder import read_result, read_runs
from benchmark.record.repetition import clear_up
from benchmark.run import execute
from benchmark.storage.files import write_json
from benchmark.sweep.compose import collect
from benchmark.sweep.outcome import PlannedRun, outcome_from_exit
from benchmark.sweep.states import folder_states
from benchmark.sweep.subprocess_run import WorkerExit

Contents = dict[str, bytes]


@pytest.fixture
def again(tmp_path: Path, text_corpus: list[str]) -> Callable[..., Any]:
    """Runs a small model; further arguments repeat it, or not."""

    def run(*arguments: str, model: str = "kneser_ney") -> Any:
        places = [f"results_dir={tmp_path / 'results'}", f"cache_dir={tmp_path / 'cache'}"]
        (job,) = collect([f"model={model}", *text_corpus, *places, "footprint=false", *arguments])
        return execute(job)

    return run


def the_run(folder: Path) -> Path:
    (run,) = (path for path in (folder / "results/runs/files").glob("*/*") if not path.name.startswith("."))
    return run


def contents(folder: Path) -> Contents:
    """Every file, with what it holds, but the locks."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def add_files_of_the_users(run: Path) -> None:
    (run / "notes.txt").write_text("seen on a Monday")
    (run / "figures" / "old").mkdir(parents=True)
    (run / "figures" / "old" / "loss.svg").write_text("<svg/>")


def test_a_repetition_takes_the_place_of_the_run_and_keeps_files_of_the_users(
    again: Callable[..., Any], tmp_path: Path
) -> None:
    again()
    run = the_run(tmp_path)
    add_files_of_the_users(run)
    (run / "curve.csv").write_text("of the first run\n")
    before = contents(run)
    again("force=true")
    after = contents(the_run(tmp_path))
    assert before.keys() - after.keys() == {"curve.csv"}
    assert {name for name in after if before[name] == after[name]} >= {"notes.txt", "figures/old/loss.svg"}
    assert before["result.json"] != after["result.json"]
    assert [path.name for path in run.parent.iterdir()] == [run.name]


def disk_is_full(patch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    patch.setattr(os, "fsync", full)


def model_raises(error: BaseException) -> Callable[[pytest.MonkeyPatch], None]:
    def fit(*_: object) -> None:
        raise error

    return lambda patch: patch.setattr(KneserNey, "fit", fit)


@pytest.mark.parametrize(
    ("happens", "raises"),
    [
        (disk_is_full, UserError),
        (model_raises(UserError("NEXTWORD_MEMORY=lots is not usable")), UserError),
        (model_raises(KeyboardInterrupt()), KeyboardInterrupt),
        (model_raises(MemoryError("no memory")), None),
    ],
)
def test_a_repetition_that_does_not_end_leaves_the_run_as_it_was(
    again: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[pytest.MonkeyPatch], None],
    raises: type[BaseException] | None,
) -> None:
    again()
    run = the_run(tmp_path)
    add_files_of_the_users(run)
    before = contents(run)
    with monkeypatch.context() as patch:
        happens(patch)
        if raises is None:
            assert again("force=true").status == "failed"
        else:
            with pytest.raises(raises):
                again("force=true")
    assert contents(run) == before
    assert [state.status for state in folder_states(tmp_path / "results")] == ["ok"]
    assert [each.folder for each in read_runs(tmp_path / "results")] == [run]
    assert find_run(tmp_path / "results", "kneser_ney").folder == run
    assert again().status == "ok"  # found, not repeated: whatever is aside is given up
    assert again("force=true").status == "ok"
    assert [path.name for path in run.parent.iterdir()] == [run.name]


def test_an_error_of_the_users_leaves_their_files_and_earlier_failures(
    again: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        model_raises(MemoryError("no memory"))(patch)
        again()
    run = the_run(tmp_path)
    (run / "notes.txt").write_text("why?")
    with monkeypatch.context() as patch:
        model_raises(UserError("no"))(patch)
        with pytest.raises(UserError):
            again("force=true")
    reason = json.loads((run / "result.json").read_text())["reason"]
    assert reason.startswith("MemoryError: no memory")
    (run / "result.json").unlink()
    with monkeypatch.context() as patch:
        model_raises(UserError("no"))(patch)
        with pytest.raises(UserError):
            again()
    assert contents(run) == {"notes.txt": b"why?"}


def test_a_killed_repetition_is_an_outcome_and_no_record_of_the_run(
    again: Callable[..., Any], tmp_path: Path, text_corpus: list[str]
) -> None:
    again()
    run = the_run(tmp_path)
    before = contents(run)
    places = [f"results_dir={tmp_path / 'results'}", f"cache_dir={tmp_path / 'cache'}"]
    (job,) = collect(["model=kneser_ney", *text_corpus, *places, "force=true"])
    fingerprint = job.corpus_fingerprint(print)
    planned = PlannedRun(job, fingerprint, job.folder(fingerprint))
    outcome = outcome_from_exit(planned, WorkerExit(-9, "its process was ended by SIGKILL"))
    assert outcome.status == "failed"
    assert outcome.reason == "its process was ended by SIGKILL (the run that it was to repeat is kept)"
    assert contents(run) == before
    assert read_result(outcome.folder).status == "failed"  # for `nextword show`


def test_another_start_finishes_what_is_whole_and_removes_the_rest_but_never_through_links(
    again: Callable[..., Any], tmp_path: Path
) -> None:
    again(model="unigram")
    run = the_run(tmp_path)
    elsewhere = tmp_path / "elsewhere" / "unigram"
    shutil.copytree(run, elsewhere / f".{run.name}.repetition")
    (tmp_path / "results" / "runs" / "link").symlink_to(tmp_path / "elsewhere")
    shutil.copytree(run, run.with_name(f".{run.name}.repetition"))  # killed before the exchange
    record = json.loads((run / "result.json").read_text())
    write_json(run / "result.json", {**record, "started": "2001-01-01T00:00:00+00:00"})
    for left in (f".{'a' * 12}.repetition", f".result.json.{'0' * 16}.tmp"):
        (run.parent / left).mkdir()
    clear_up(tmp_path / "results")
    assert [path.name for path in run.parent.iterdir()] == [run.name]
    assert read_result(run).started == record["started"]
    assert len(list(elsewhere.iterdir())) == 1


#: Of so many changes of files, one is tried.
EVERY = int(os.environ.get("NEXTWORD_TEST_EVERY", "5"))


@pytest.mark.slow
def test_a_kill_at_any_change_of_a_file_loses_nothing(again: Callable[..., Any], tmp_path: Path) -> None:
    again(model="unigram")
    run = the_run(tmp_path)
    add_files_of_the_users(run)
    first = contents(run)
    change = 1
    while killed_before(change, lambda: again("force=true", model="unigram"), tmp_path / "results"):
        change += EVERY
        found = contents(run)
        assert {name: first[name] for name in ("notes.txt", "figures/old/loss.svg")}.items() <= found.items()
        assert found.keys() == first.keys()
        assert [state.status for state in folder_states(tmp_path / "results")] == ["ok"]
        (record,) = read_runs(tmp_path / "results")
        assert record.result.test_nll == pytest.approx(json.loads(first["result.json"])["test_nll"])
        again(model="unigram")
        assert [path.name for path in run.parent.iterdir()] == [run.name]
        assert contents(run).keys() == first.keys()
    assert change > 40
