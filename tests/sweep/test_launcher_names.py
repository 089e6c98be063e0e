"""Choosing a launcher: our names, Hydra's, wrong ones, and packages that are not installed."""

from __future__ import annotations

import importlib.util
import shlex
from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.settings import choices
from benchmark.sweep.compose import collect
from benchmark.sweep.launch import plan_runs
from benchmark.sweep.launchers.launcher import build_launcher

RUN = ["model=unigram", "corpus=sotu_small"]


@pytest.mark.parametrize(
    ("hydra", "ours"),
    [
        (["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], ["launcher=joblib", "workers=2"]),
        (["hydra/launcher=joblib", "hydra.launcher.n_jobs=-1"], ["launcher=joblib"]),
        (["hydra/launcher=basic"], ["launcher=sequential"]),
        (
            ["hydra/launcher=submitit_slurm", "hydra.launcher.partition=long"],
            ["launcher=submitit", "launcher.cluster=slurm", "launcher.partition=long"],
        ),
        (["hydra/launcher=submitit_local"], ["launcher=submitit", "launcher.cluster=local"]),
        (
            ["hydra/launcher=ray", "+hydra.launcher.ray.init.address=auto"],
            ["launcher=ray", "launcher.address=auto"],
        ),
    ],
)
def test_hydras_spelling_means_the_same(hydra: list[str], ours: list[str]) -> None:
    (theirs,), (mine,) = collect([*RUN, *hydra]), collect([*RUN, *ours])
    assert theirs.config == mine.config
    assert theirs.command == mine.command == f"nextword run {shlex.join(RUN)}"


def test_a_launcher_changes_no_runs_place(tmp_path: Path, text_corpus: list[str]) -> None:
    jobs = [
        job
        for name in choices("launcher")
        for job in collect(["model=add_k", *text_corpus, f"launcher={name}"])
    ]
    runs, _ = plan_runs(jobs, say=print)
    assert len(runs) == len(choices("launcher"))
    assert len({planned.folder for planned in runs}) == 1


@pytest.mark.parametrize("name", choices("launcher"))
def test_every_launchers_settings_fit_as_they_are(name: str) -> None:
    if name in ("joblib", "submitit", "ray"):
        pytest.importorskip(name)
    (job,) = collect([*RUN, f"launcher={name}"])
    build_launcher(job.config["launcher"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["launcher=jobib"], "there is no launcher 'jobib'. Did you mean 'joblib'?"),
        (["hydra/launcher=submitit_slrm"], "Did you mean 'submitit_slurm'"),
        (["launcher=submitit", "launcher.partitoin=x"], "Did you mean 'launcher.partition'"),
        (["launcher=submitit", "launcher.cluster=slrm"], "launcher.cluster='slrm' is not usable"),
        (["launcher=submitit", "launcher.timeout_min=0"], "launcher.timeout_min=0 is not usable"),
        (["-m", "launcher=joblib,ray"], "a sweep has one launcher"),
    ],
)
def test_a_wrong_launcher_or_setting_is_one_clear_line(arguments: list[str], says: str) -> None:
    with pytest.raises(UserError) as caught:
        build_launcher(collect([*RUN, *arguments])[0].config["launcher"])
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["joblib", "submitit", "ray"])
def test_a_missing_package_names_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda wanted: None if wanted == name else found(wanted))
    (job,) = collect([*RUN, f"launcher={name}"])
    with pytest.raises(UserError, match=rf'pip install "nextword\[{name}\]"'):
        build_launcher(job.config["launcher"])
