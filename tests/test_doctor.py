"""`nextword doctor`: what is here, and what is wrong with it."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.cli import main
from benchmark.doctor import devices, examine, machine, packages
from benchmark.doctor.part import Part

REQUIRED = ["numpy>=1.26", "torch>=2.6", "ray>=2.40; extra == 'ray'", "pytest>=8; extra == 'test'"]
VERSIONS = {"numpy": "2.1.0", "torch": "2.6.0+cpu", "ray": "2.50.1"}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound installation with two packages and one extra; torch is not asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NEXTWORD_CORPORA", raising=False)
    facts = {"torch": "2.6.0", "cuda": None, "threads": 1, "devices": []}
    monkeypatch.setattr(examine, "devices", lambda: Part(facts))
    monkeypatch.setattr(machine, "available_memory", lambda: 8 << 30)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=50 << 30))
    monkeypatch.setattr(metadata, "requires", lambda name: REQUIRED)
    with_versions(monkeypatch, VERSIONS)


def with_versions(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str]) -> None:
    monkeypatch.setattr(packages, "installed_version", versions.get)


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    status = main(["doctor", "--json", *arguments])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert status == bool(found["problems"])
    return found


def test_a_sound_installation_has_no_problems(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = doctor(capsys)
    assert found["problems"] == []
    assert found["packages"]["required"] == {"numpy": "2.1.0", "torch": "2.6.0+cpu"}
    assert found["packages"]["optional"] == {"ray": {"version": "2.50.1", "extra": "ray"}}
    assert found["corpora"]["sotu"]["state"] == "here"
    assert found["corpora"]["ptb"]["state"] == "fetched when first used"
    assert found["cache"]["free_bytes"] == 50 << 30
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert text.endswith("no problems found\n")
    too_long = [line for line in text.splitlines() if len(line) > 80 and "/" not in line]
    assert too_long == []


def test_corpora_are_found_in_the_folder_that_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine" / "ptb").mkdir(parents=True)
    for part in ("train", "valid"):
        (tmp_path / "mine" / "ptb" / f"ptb.{part}.txt").write_text("a")
    assert (
        doctor(capsys, "--corpora-dir", "mine")["corpora"]["ptb"]["state"] != "here"
    )  # the test text is not
    (tmp_path / "mine" / "ptb" / "ptb.test.txt").write_text("a")
    monkeypatch.setenv("NEXTWORD_CORPORA", str(tmp_path / "mine"))
    assert doctor(capsys)["corpora"]["ptb"] == {"state": "here", "place": str(tmp_path / "mine" / "ptb")}


def test_each_problem_is_named_with_the_way_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_versions(monkeypatch, {"numpy": "1.20.0", "ray": "1.0"})
    monkeypatch.setenv("NEXTWORD_MEMRY", "4G")
    monkeypatch.setenv("NEXTWORD_MEMORY", "lots")
    monkeypatch.setenv("NEXTWORD_CORPORA", "/nowhere")
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "lstm.yaml").write_text("name: lstm\n")
    (tmp_path / "conf" / "corpus").mkdir()
    (tmp_path / "conf" / "corpus" / "odd.yaml").write_text("name: odd\ntext: a\nsplt: 1\n")
    (tmp_path / "results").write_text("a file")
    monkeypatch.setattr(machine, "available_memory", lambda: 100 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=10 << 20))
    said = "\n".join(doctor(capsys, "--config-dir", "conf")["problems"])
    for problem in (
        "numpy 1.20.0 does not fit, nextword takes >=1.26: pip install 'numpy>=1.26'",
        "torch is not installed: pip install 'torch>=2.6'",
        "ray 1.0 does not fit",
        "NEXTWORD_MEMRY: there is no such variable. Did you mean NEXTWORD_MEMORY?",
        "NEXTWORD_MEMORY=lots is not usable",
        "NEXTWORD_CORPORA=/nowhere is not usable",
        "lstm.yaml is not read, since nextword has a file of that name: rename it",
        "corpus=odd: corpus.splt: there is no such setting. Did you mean 'split'?",
        "results is a file",
        "only 0.0 GB are left",
        "only 0.1 GB of memory are free",
    ):
        assert problem in said
    assert main(["doctor"]) == 1
    assert "problems\n- " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "gpus", "says"),
    [
        (
            {"returncode": 1, "stderr": "x\nOSError: libcudart.so"},
            (),
            "torch cannot be used (OSError",
        ),
        ({"stdout": {"cuda": None, "devices": []}}, ("0",), "torch was built without CUDA"),
        ({"stdout": {"cuda": "12.4", "devices": []}}, ("0",), "torch (CUDA 12.4) cannot use"),
        ({"stdout": {"cuda": "12.4", "devices": [{"name": "H", "bytes": 1}]}}, ("0",), None),
        ({"stdout": {"cuda": None, "devices": []}}, (), None),
        (subprocess.TimeoutExpired("torch", 1), (), "torch has not answered"),
    ],
)
def test_torch_is_asked_by_a_process_that_may_fail(
    monkeypatch: pytest.MonkeyPatch, answer: Any, gpus: tuple[str, ...], says: str | None
) -> None:
    def run(*_: Any, **__: Any) -> SimpleNamespace:
        if isinstance(answer, Exception):
            raise answer
        said = {"returncode": 0, "stderr": "", **answer}
        return SimpleNamespace(**{**said, "stdout": json.dumps(said.get("stdout"))})

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(devices, "visible_gpus", lambda: gpus)
    problems = devices.devices().problems
    assert problems == [] if says is None else says in problems[0]
