"""From a command line to jobs."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from baselines.mixture.linear import LinearMixture
from baselines.ngram.smoothing.unigram import Unigram
from benchmark.build import arguments, build_task_model
from benchmark.corpus.settings import corpus_settings
from benchmark.errors import UserError
from benchmark.settings import check_settings, choices, workers
from benchmark.sweep.cached_composer import CachedComposer
from benchmark.sweep.compose import Collector, collect
from benchmark.sweep.hydra_application import compose_with_hydra
from benchmark.sweep.named_sweeps import expand_named_sweep
from benchmark.task.tasks import TASKS


@pytest.mark.parametrize("sweep", choices("sweep"))
def test_every_named_sweep_is_made_of_jobs_that_can_be_built(sweep: str) -> None:
    jobs = collect([f"+sweep={sweep}"])
    assert len({str((job.config["corpus"], job.config["model"])) for job in jobs}) == len(jobs) > 0
    for job in jobs:
        if job.task is None:
            arguments(job.config["model"])
        else:
            build_task_model(job.config["model"], TASKS[job.task])


@pytest.mark.parametrize(
    "line",
    [
        ["+sweep=combination", "model=mixture"],
        ["+sweep=neural", "model=rnn_maxent"],
        ["+sweep=smoothing", "model=class_based,skip", "corpus=ptb", "model.order=2"],
        ["-m", "model=glob(nltk_k*)", "model.order=range(1,4,2)", "model.context=choice(stream,sentence)"],
        [
            "-m",
            "model=lstm",
            "output@model.output=sampled,adaptive",
            "+size=tiny",
            "train@model.training=awd",
        ],
        ["-m", "model=mixture", "~model@model.components.cache", "+model@model.components.x=unigram,add_k"],
        ["-m", "model=pruned", "model@model.of=katz", "++model.of.label='a, b',c", "~corpus.licence"],
        ["model=lstm", "model.label='${model.name} of ${model.hidden_size}, ${seed}'", "++corpus.title=x"],
        ["-m", "corpus=ptb", "+model.extra={a:1,b:[x,'y z']},null", "model.label=${oc.env:HOME}"],
    ],
)
def test_composing_at_once_gives_what_hydra_gives_job_by_job(
    line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # Hydra leaves a folder
    collector = Collector()
    for given in expand_named_sweep(line):
        assert collector.composed(given) == compose_with_hydra(given)


def test_what_is_asked_of_hydra_itself_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    group = tmp_path / "mine" / "variant"
    group.mkdir(parents=True)
    swept = "# @package _global_\nhydra: {mode: MULTIRUN, sweeper: {params: {seed: '1,2'}}}\n"
    (group / "swept.yaml").write_text(swept, encoding="utf-8")
    (group / "told.yaml").write_text("label: ${hydra:runtime.choices.corpus}\n", encoding="utf-8")
    mine = ["--config-dir", str(tmp_path / "mine")]
    assert [job.config["seed"] for job in collect([*mine, "+variant=swept"])] == [1, 2]
    (job,) = collect([*mine, "+variant@model=told", "corpus=ptb"])
    assert job.config["model"]["label"] == "ptb"
    (job,) = collect(["hydra.job.name=x", "model.label=${hydra:job.name}"])
    assert job.config["model"]["label"] == "x"


def test_a_sweep_reads_each_file_once_and_merges_each_choice_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()
    merged = []
    files = type(CachedComposer()._loader.repository.get_sources()[1])
    load, merge = files.load_config, CachedComposer._merged
    monkeypatch.setattr(
        files,
        "load_config",
        lambda self, config_path: (read.update([config_path]), load(self, config_path))[1],
    )
    monkeypatch.setattr(
        CachedComposer, "_merged", lambda self, choices: (merged.append(choices), merge(self, choices))[1]
    )
    jobs = collect(["-m", "model=lstm,rnn", "seed=range(1,51)", "model.layers=1,2", "corpus=ptb"])
    assert len(jobs) == 200
    assert len(merged) == 2
    assert set(read.values()) == {1}
    assert len(read) < 12


def test_a_setting_that_only_some_of_the_swept_choices_have_can_be_given() -> None:
    jobs = collect(["-m", "model=lstm", "train@model.training=zaremba_small,awd", "model.training.clip=1,2"])
    assert [job.config["model"]["training"]["clip"] for job in jobs] == [1, 2, 1, 2]


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
        collect(["-m", "model=uniform,unigram", "model.layers=1"])


def test_two_sweeps_at_once_are_refused() -> None:
    with pytest.raises(UserError, match="one \\+sweep=NAME at a time"):
        collect(["+sweep=quick", "+sweep=default"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("grids: [model=add_k,kneser_ney corpus=ptb]", "'kneser_ney' in a line of `grids` is no override"),
        ("grids: [model=unigram corpus=ptb, '=3']", "'=3' in a line of `grids` is no override"),
        ("grids: [model=unigram corpus=ptb, '~']", "'~' in a line of `grids` is no override"),
        ("grids: []", "a sweep needs `grids`, a list"),
        ("grids: [3]", "a sweep needs `grids`, a list"),
        ("grids: ['model=\"unigram']", "a line of `grids` is not usable: No closing quotation"),
    ],
)
def test_a_sweep_file_that_is_wrong_is_named(content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "mine.yaml").write_text(content)
    with pytest.raises(
        UserError, match=re.escape(f"mine.yaml: {says}".replace(": needs", ": a sweep needs"))
    ):
        collect(["--config-dir", str(tmp_path), "+sweep=mine", "model=lstm"])


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
        record = {"run_id": run_id, "status": "ok", "model": "lstm", "corpus": "sotu", "label": "LSTM"}
        (folder / "result.json").write_text(json.dumps(record), encoding="utf-8")
        (job,) = collect(["model=finished", f"model.run={run_id}", f"results_dir={tmp_path}"])
        assert job.config["model"]["run"] == str(folder)
        (again,) = collect([*shlex.split(job.command)[2:], f"results_dir={tmp_path}"])
        assert again.config["model"] == job.config["model"]


def test_what_a_sweeps_models_do_not_have_is_left_to_those_that_do():
    jobs = collect(["+sweep=smoothing", "corpus=sotu_small", "model.order=4"])
    orders = {job.model: job.config["model"].get("order") for job in jobs}
    assert orders["kneser_ney"] == orders["katz"] == 4
    assert orders["uniform"] is orders["mixture"] is None
    assert sum(job.model == "kneser_ney" for job in jobs) == 1


def test_what_no_model_of_a_sweep_has_is_refused():
    with pytest.raises(UserError, match=r"there is no setting 'model\.ordr'.*'model\.order'"):
        collect(["+sweep=smoothing", "corpus=sotu_small", "model.ordr=4"])


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../../x", "a/b", "a\\b", "a\tb", "\x1b[31m", " a", ".a", "a" * 101]
)
@pytest.mark.parametrize("group", ["model", "corpus"])
def test_a_name_that_becomes_a_folder_is_no_path(group: str, name: str) -> None:
    (job,) = collect(["model=unigram", "corpus=ptb"])
    config = {**job.config, group: {**job.config[group], "name": name}}
    with pytest.raises(UserError, match=rf"^{group}\.name={re.escape(repr(name))} is not usable"):
        check_settings(config)


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "."])
def test_a_corpus_lies_within_its_folder(path: str) -> None:
    with pytest.raises(UserError, match=r"^corpus\.source\.folder=.* is not usable: give a path within"):
        corpus_settings({"name": "a", "train": "a", "valid": "a", "test": "a", "source": {"folder": path}})


def test_a_component_has_a_name_and_no_path() -> None:
    with pytest.raises(UserError, match=r"^the component '\.\./x' of model.components: name='\.\./x'"):
        LinearMixture(components={"../x": Unigram()})
