"""`nextword list`: every model and its settings, by name."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import benchmark
from benchmark.cli import main
from benchmark.settings import choices, conf_files
from benchmark.storage.reading import read_yaml_object
from benchmark.sweep.chosen_files import unreadable_file


def test_every_model_is_described_without_being_built(nextword) -> None:
    listed = nextword("list", "models", "--keys")
    assert listed.returncode == 0, listed.stderr
    names = {line.split()[0] for line in listed.stdout.splitlines() if line[:3].strip() and line[2] != " "}
    assert names.issuperset(choices("model"))
    assert "Modified Kneser-Ney 5-gram pruned at 1e-07" in listed.stdout  # a label that names a component's


def test_models_and_corpora_of_tasks_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "models"]) == 0
    shown = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    for name in choices("model"):
        content = read_yaml_object(conf_files("model")[name])
        while "_target_" not in content:  # it builds upon another, and is for what that is for
            content = read_yaml_object(conf_files("model")[content["defaults"][0]])
        module, _, kind = content["_target_"].rpartition(".")
        tasks = getattr(getattr(importlib.import_module(module), kind), "tasks", ())
        told = shown[name].endswith(f" ({', '.join(tasks)})") if tasks else "ing)" not in shown[name]
        assert told, shown[name]
    assert main(["list", "models", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["models"]
    assert listed["hmm_tagger"]["tasks"] == ["tagging", "chunking"]
    assert "tasks" not in listed["lstm"]


def test_a_model_is_for_the_tasks_of_the_one_that_it_builds_upon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model").mkdir()
    mine = "defaults: [hmm_tagger, _self_]\nname: mine\nlabel: My tagger\n"
    (tmp_path / "model" / "mine.yaml").write_text(mine, encoding="utf-8")
    monkeypatch.setenv("NEXTWORD_CONFIG_DIR", str(tmp_path))
    assert main(["list", "models", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"]["mine"]["tasks"] == ["tagging", "chunking"]


def test_no_model_is_imported_to_be_listed() -> None:
    code = (
        "import sys; from benchmark.cli import main; main(['list', 'models']); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_a_description_that_is_the_name_stays_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "own" / "search"
    folder.mkdir(parents=True)
    for name, content in {
        "plain": "description: plain\nspace: {}\n",
        "told": "# what it is for\ndescription: told\n",
        "bare": "space: {}\n",
    }.items():
        (folder / f"{name}.yaml").write_text(content)
    monkeypatch.setenv("NEXTWORD_CONFIG_DIR", str(tmp_path / "own"))
    assert main(["list", "searches"]) == 0
    shown = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["plain", "plain"] in shown
    assert ["told", "what it is for"] in shown
    assert ["bare"] in shown


def test_an_odd_file_is_one_warning_and_the_rest_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for group in ("model", "corpus", "sweep", "search", "tuning", "study"):
        folder = tmp_path / "conf" / group
        folder.mkdir(parents=True)
        (folder / "good.yaml").write_text("name: good\ndescription: sound\n")
        for name, content in {
            "nested": "[" * 100_000,
            "list": "- 1\n",
            "cut": "a: [1,\n",
            "empty": "",
            "label": "name: x\nlabel: ${nope}\n",
            "defaults": "name: x\ndefaults: 7\n",
            "lost": "name: x\ndefaults: [{/model@a: nowhere}]\n",
            "code": "a: !!python/object/apply:os.system [id]\n",
        }.items():
            (folder / f"{name}.yaml").write_text(content)
        (folder / "binary.yaml").write_bytes(b"\xff\xfe")
        (folder / "folder.yaml").mkdir()
        os.mkfifo(folder / "pipe.yaml")
    monkeypatch.setattr(benchmark, "__file__", str(tmp_path / "benchmark" / "__init__.py"))
    assert main(["list"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("sound") == 6
    warnings = shown.err.splitlines()
    assert len(warnings) == 6 * 11
    assert all(line.startswith("warning: ") and str(tmp_path / "conf") in line for line in warnings)
    assert "model/cut.yaml" in str(unreadable_file(["corpus=good", "model=good,cut"]))
    assert unreadable_file(["model=good", "model=../../secret", "model=nowhere"]) is None
