"""From a command line to jobs."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from benchmark.build import arguments
from benchmark.errors import UserError
from benchmark.settings import choices, workers
from benchmark.sweep.compose import collect


@pytest.mark.parametrize("sweep", choices("sweep"))
def test_every_named_sweep_is_made_of_jobs_that_can_be_built(sweep: str) -> None:
    jobs = collect([f"+sweep={sweep}"])
    assert len({(job.corpus, str(job.config["model"])) for job in jobs}) == len(jobs) > 1
    for job in jobs:
        arguments(job.config["model"])


def test_a_jobs_command_gives_the_same_job() -> None:
    for job in collect(["+sweep=quick", "model=kneser_ney", "model.order=3"]):
        program, verb, *overrides = shlex.split(job.command)
        assert (program, verb) == ("nextword", "run")
        (again,) = collect(overrides)
        assert again.config == job.config


def test_a_command_leaves_out_what_is_of_this_machine() -> None:
    (job,) = collect(["model=unigram", "corpus=ptb", "force=true", "workers=1", "results_dir=elsewhere"])
    assert job.command == "nextword run model=unigram corpus=ptb"


def test_grids_are_multiplied_out_and_the_command_line_takes_precedence() -> None:
    orders = [job.config["model"].get("order") for job in collect(["+sweep=quick", "model=kneser_ney"])]
    assert orders.count(3) == 1
    assert orders.count(5) == 1
    jobs = collect(["sweep=quick", "model=lstm", "corpus=ptb", "seed=1,2"])
    assert [(job.corpus, job.config["seed"]) for job in jobs if job.model == "lstm"][:2] == [
        ("ptb", 1),
        ("ptb", 2),
    ]
    assert {job.corpus for job in jobs} == {"ptb"}


def test_a_multirun_is_every_combination_in_order() -> None:
    jobs = collect(["-m", "model=add_k,unigram", "corpus=ptb,brown"])
    assert [(job.model, job.corpus) for job in jobs] == [
        ("add_k", "ptb"),
        ("add_k", "brown"),
        ("unigram", "ptb"),
        ("unigram", "brown"),
    ]


def test_a_setting_that_only_the_swept_models_have_can_be_given() -> None:
    jobs = collect(["-m", "model=rnn,lstm", "model.layers=1,2", "corpus=ptb"])
    assert [(job.model, job.config["model"]["layers"]) for job in jobs] == [
        ("rnn", 1),
        ("rnn", 2),
        ("lstm", 1),
        ("lstm", 2),
    ]
    with pytest.raises(UserError, match=r"there is no setting 'model\.layers'"):
        collect(["-m", "model=rnn,unigram", "model.layers=1"])


def test_two_sweeps_at_once_are_refused() -> None:
    with pytest.raises(UserError, match="one \\+sweep=NAME at a time"):
        collect(["+sweep=quick", "+sweep=default"])


def test_workers_are_cores_over_threads_unless_given() -> None:
    config = {"workers": "auto", "device": "cpu", "threads": 10_000}
    assert workers(config) == 1
    assert workers({**config, "workers": 3}) == 3
    assert workers({**config, "threads": 1}) >= 1


def test_a_model_that_a_sweep_has_not_joins_it_without_the_settings_of_others() -> None:
    (job,) = collect(["+sweep=quick", "model=kenlm"])
    assert (job.model, job.corpus) == ("kenlm", "sotu_small")
    assert job.config["model"]["order"] == 5


def test_an_id_that_looks_like_a_number_is_still_an_id(tmp_path: Path) -> None:
    for run_id in ("3224701e3240", "012345678901"):
        folder = tmp_path / "runs" / "sotu" / "lstm" / run_id
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps({"run_id": run_id, "status": "ok"}), encoding="utf-8")
        (job,) = collect(["model=finished", f"model.run={run_id}", f"results_dir={tmp_path}"])
        assert job.config["model"]["run"] == str(folder)
        (again,) = collect([*shlex.split(job.command)[2:], f"results_dir={tmp_path}"])
        assert again.config["model"] == job.config["model"]
