"""What the README shows works as it stands there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from benchmark.build import build_model
from benchmark.check import check_model
from benchmark.cli import VERBS
from benchmark.corpus.settings import corpus_settings
from benchmark.settings import choices
from benchmark.sweep.compose import collect

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [
    shlex.split(line.removeprefix(line[: line.index("nextword ")]), comments=True)
    for block in blocks("sh")
    for line in block.replace("\\\n", " ").splitlines()
    if re.match(r"(NEXTWORD_\w+=\S+ )?nextword", line)
]


def test_the_baseline_it_shows_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = blocks("python")
    (tmp_path / "readme_baseline.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    config = OmegaConf.create({"model": OmegaConf.create(blocks("yaml")[0])})
    model = OmegaConf.to_container(config, resolve=True)["model"]
    assert model["label"] == "Smoothed unigram, k = 1.0"
    model["_target_"] = model["_target_"].replace("baselines.mine", "readme_baseline")
    assert [finding for finding in check_model(lambda: build_model(model)) if finding.problem] == []


def test_the_corpus_it_shows_is_one() -> None:
    settings = corpus_settings(OmegaConf.to_container(OmegaConf.create(blocks("yaml")[1])))
    assert settings.name == "novels"


def test_its_verbs_are_verbs() -> None:
    assert len(COMMANDS) > 8
    assert {command[1] for command in COMMANDS} <= set(VERBS)


@pytest.mark.parametrize(
    "command",
    [c for c in COMMANDS if c[1] == "run" and "model=mine" not in c and "+search" not in " ".join(c)],
    ids=" ".join,
)
def test_its_runs_can_be_composed(command: list[str], tmp_path: Path) -> None:
    # The run that the examples build upon.
    run = tmp_path / "runs" / "sotu_small" / "lstm" / "0123456789ab"
    run.mkdir(parents=True)
    record = {"run_id": run.name, "status": "ok", "model": "lstm", "corpus": "sotu_small"}
    (run / "result.json").write_text(json.dumps(record), encoding="utf-8")
    assert collect([*_composed(command[2:]), f"results_dir={tmp_path}"])


def _composed(arguments: list[str]) -> list[str]:
    """What of a command line Hydra composes: not which of its runs are wanted."""
    if "--rerun" in arguments:
        place = arguments.index("--rerun")
        return arguments[:place] + arguments[place + 2 :]
    return arguments


@pytest.mark.parametrize("command", [c for c in COMMANDS if "+search" in " ".join(c)], ids=" ".join)
def test_its_searches_are_searches(command: list[str]) -> None:
    names = [part.partition("=")[2] for part in command if part.startswith("+search=")]
    assert set(names) <= set(choices("search"))
