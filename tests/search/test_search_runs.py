"""A search from the command line to its record: trials are runs, and one that was cut off goes on."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import UserError
from benchmark.record.trials import trial_ids
from benchmark.search.command import run_search
from benchmark.storage.checksums import unsealed
from benchmark.sweep.compose import collect
from benchmark.verbs.run import main as run

FILE = """\
description: orders and shares
base: model=add_k
space: {model.order: {low: 1, high: 3}, model.k: {low: 0.001, high: 1.0, log: true}}
trials: 3
batch: 2
sampler: random
"""
MODELS = """\
description: models, some of which fail
base: [model=uniform]
space: {model: {choices: [unigram, maximum_likelihood, stupid_backoff]}}
trials: 4
sampler: grid
"""

Search = Callable[..., int]


@pytest.fixture
def search(
    tmp_path: Path, text_corpus: list[str], warm_workers: None, monkeypatch: pytest.MonkeyPatch
) -> Search:
    """Runs the search of a text of YAML on a small corpus of files; returns the exit status."""
    (tmp_path / "search").mkdir()
    monkeypatch.setenv("NEXTWORD_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))

    def run(text: str, *arguments: str, results: str = "results") -> int:
        (tmp_path / "search" / "mine.yaml").write_text(text, encoding="utf-8")
        return run_search(["+search=mine", *text_corpus, f"results_dir={tmp_path / results}", *arguments])

    return run


@pytest.fixture
def unseen(tmp_path: Path, text_corpus: list[str]) -> None:
    """The validation text has word pairs that the training text has not."""
    (tmp_path / "valid.txt").write_text("mat mat dog dog\n", encoding="utf-8")


def recorded(folder: Path) -> dict[str, Any]:
    """The only record of a results folder."""
    (path,) = (folder / "searches").glob("*.json")
    return unsealed(json.loads(path.read_text(encoding="utf-8")))


def runs(folder: Path) -> dict[str, Path]:
    """Every finished run's result by its id."""
    return {path.parent.name: path for path in folder.glob("runs/*/*/*/result.json")}


def test_trials_are_runs_and_a_search_again_repeats_none(search: Search, tmp_path, capfd):
    results = tmp_path / "results"
    assert search(FILE) == 0
    first, found = recorded(results), runs(results)
    assert [trial["number"] for trial in first["trials"]] == [1, 2, 3]
    assert {trial["run_id"] for trial in first["trials"]} == set(found)
    for trial in first["trials"]:
        result = json.loads(found[trial["run_id"]].read_text(encoding="utf-8"))
        assert (trial["state"], trial["value"]) == ("ok", result["valid_perplexity"])
        assert trial["command"] == result["command"]
        assert trial["made"]
    best = min(first["trials"], key=lambda trial: trial["value"])
    assert first["best"] == best["number"]
    assert best["command"] in capfd.readouterr().out
    assert f"model.k={best['parameters']['model.k']}" in shlex.split(best["command"])

    modified = {path: path.stat().st_mtime_ns for path in found.values()}
    assert search(FILE, "workers=1") == 0
    assert recorded(results) == first
    assert search(FILE, "search.trials=4") == 0  # goes on from there
    longer = recorded(results)
    assert longer["trials"][:3] == first["trials"]
    assert len(longer["trials"]) == len(runs(results)) == 4
    assert search(FILE, "search.trials=2") == 0  # asked for fewer, it forgets none
    assert recorded(results)["trials"] == longer["trials"]
    assert all(path.stat().st_mtime_ns == time for path, time in modified.items())

    next((results / "searches").glob("*.json")).unlink()
    assert search(FILE) == 0  # now these are runs that were there before
    assert [trial["made"] for trial in recorded(results)["trials"]] == [False] * 3


def test_a_trial_that_is_run_by_itself_is_from_then_on_a_run_of_its_own(search: Search, tmp_path):
    results = tmp_path / "results"
    assert search(FILE) == 0
    trials = recorded(results)["trials"]
    worst = max(trials, key=lambda trial: trial["value"])
    assert not any(trial["wanted"] for trial in trials)
    assert worst["run_id"] in trial_ids(results)
    written = {path: path.stat().st_mtime_ns for path in runs(results).values()}
    assert run([*shlex.split(worst["command"])[2:], f"results_dir={results}"]) == 0
    assert {path: path.stat().st_mtime_ns for path in runs(results).values()} == written
    assert worst["run_id"] not in trial_ids(results)
    assert search(FILE, "search.trials=4") == 0  # a search that goes on forgets none of it
    wanted = {trial["run_id"] for trial in recorded(results)["trials"] if trial["wanted"]}
    assert wanted == {worst["run_id"]}


def test_a_validation_text_that_is_copied_is_warned_about(search: Search, tmp_path, capfd):
    assert search(FILE, "search.trials=1") == 0
    assert "warning" not in capfd.readouterr().out
    line = "a cat saw a dog and the dog sat on the log\n"
    for part, text in {"train": line * 9, "valid": line + "the mat\n", "test": "the mat\n" * 9}.items():
        (tmp_path / f"{part}.txt").write_text(text, encoding="utf-8")
    assert search(FILE, "search.trials=1", "corpus.vocabulary.unknown=map") == 0
    said = capfd.readouterr().out
    assert "warning: 81.2% of the validation targets of files stand in lines of 11 words and more" in said
    assert "(of the test split 0.0%)" in said


def test_a_trial_that_fails_is_told_so_and_the_search_goes_on(search: Search, unseen, tmp_path, capfd):
    assert search(MODELS) == 0
    trials = {trial["model"]: trial for trial in recorded(tmp_path / "results")["trials"]}
    assert {name: trial["state"] for name, trial in trials.items()} == {
        "unigram": "ok",
        "maximum_likelihood": "failed",
        "stupid_backoff": "failed",
    }
    assert "not probabilities" in trials["stupid_backoff"]["reason"]
    assert trials["maximum_likelihood"]["value"] is None
    said = capfd.readouterr()
    assert "3 trials, 2 without a result" in said.out
    assert "1 × failed: its validation perplexity is infinite" in said.err

    assert search(MODELS.replace("unigram, ", "")) == 1  # without the one that finished well
    assert "no trial of 2 finished well" in capfd.readouterr().err


def test_values_on_the_command_line_take_the_place_of_those_in_the_file(search: Search, tmp_path):
    assert search(FILE, "model.order=2", "search.trials=2", "search.space.model.k={choices:[0.5,0.25]}") == 0
    record = recorded(tmp_path / "results")
    assert list(record["space"]) == ["model.k"]
    assert record["planned"] == 2
    for trial in record["trials"]:
        assert trial["parameters"]["model.k"] in (0.5, 0.25)
        assert "model.order=2" in trial["command"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m"], "leave -m out"),
        (["+sweep=quick"], r"leave \+sweep=quick out"),
        (["+search=mine"], r"one \+search=NAME at a time"),
        (["search.trails=3"], "Did you mean 'trials'"),
        (["search.trials=3,4"], "give one value"),
        (["search.space.model.odrer={low:1,high:2}"], r"the space of search mine: .*model\.odrer"),
        (["model.order=1", "model.k=0.1"], "nothing is left to search"),
        (["corpus.train=nowhere.txt"], "nowhere.txt"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_recorded(search: Search, tmp_path, arguments, said):
    with pytest.raises(UserError, match=said):
        search(FILE, *arguments)
    assert not (tmp_path / "results").exists()


def test_an_unknown_search_is_answered_with_the_nearest(nextword):
    done = nextword("run", "+search=lstm_smal")
    assert done.returncode == 2
    assert done.stderr.strip() == "nextword: there is no search 'lstm_smal'. Did you mean 'lstm_small'?"


def test_a_search_is_no_setting_of_a_run():
    with pytest.raises(UserError, match="goes with nextword run"):
        collect(["+search=lstm_small"])


def test_searches_are_listed(nextword):
    done = nextword("list", "searches")
    assert "lstm_small" in done.stdout
    assert "counted_cache" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="waits for worker processes through /proc")
def test_a_killed_search_goes_on_and_ends_as_an_unbroken_one(tmp_path, environment, text_corpus, nextword):
    arguments = ["+search=counted_cache", "search.trials=3", "search.batch=2", *text_corpus]
    broken = tmp_path / "broken"
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmark", "run", *arguments, "results_dir=broken"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # its workers can be killed with it
    )
    end = time.monotonic() + 120
    while not runs(broken):
        assert time.monotonic() < end
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    made = {path: path.stat().st_mtime_ns for path in runs(broken).values()}
    assert len(made) < 3

    assert nextword("run", *arguments, "results_dir=broken").returncode == 0
    whole = recorded(broken)
    assert [trial["state"] for trial in whole["trials"]] == ["ok"] * 3
    assert {trial["run_id"] for trial in whole["trials"]} == set(runs(broken))
    assert all(trial["made"] for trial in whole["trials"])  # those from before the kill, too
    assert all(path.stat().st_mtime_ns == modified for path, modified in made.items())

    # a search that nothing interrupts, nor any record helps, asks for the same trials
    next((broken / "searches").glob("*.json")).unlink()
    assert nextword("run", *arguments, "results_dir=broken", "workers=1").returncode == 0
    assert len(runs(broken)) == 3
    assert recorded(broken) == {
        **whole,
        "trials": [{**trial, "made": False} for trial in whole["trials"]],
    }
