"""Texts, stand-in programs and the settings of a measurement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ngram_stand_ins import OURS, PROGRAMS, PYTHON, program

from benchmark.peers.ngram.measure import NgramPlan
from benchmark.peers.record import Machine


@pytest.fixture(autouse=True)
def _no_programs_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NEXTWORD_KENLM", "NEXTWORD_MITLM"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second of watching how busy the machine is, no long text to score."""
    machine = Machine(processor="a CPU", busy_before=0.0)
    monkeypatch.setattr("benchmark.peers.ngram.measure.this_machine", lambda: machine)
    monkeypatch.setattr("benchmark.peers.ngram.measure.SCORED", 1_000)


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with a stand-in of every program."""
    for name, code in PROGRAMS.items():
        program(tmp_path / "tools" / name, code)
    program(tmp_path / "tools" / "ours", OURS, PYTHON)
    return tmp_path / "tools"


@pytest.fixture
def texts(tmp_path: Path) -> tuple[Path, Path]:
    """A training text of 300 words on 100 lines, and a test text."""
    train, test = tmp_path / "small.train.txt", tmp_path / "small.test.txt"
    train.write_text("the cat sat\n" * 100)
    test.write_text("the cat sat\nthe dog sat\n" * 10)
    return train, test


@pytest.fixture
def plan(tmp_path: Path, tools: Path, texts: tuple[Path, Path]) -> Callable[..., NgramPlan]:
    """The plan of a small measurement with every stand-in, with some changes."""

    def changed(**changes: Any) -> NgramPlan:
        base = NgramPlan(
            train=texts[0],
            test=texts[1],
            corpus=(),
            name=None,
            orders=[3],
            rounds=2,
            memory=None,
            threads=1,
            ours=[str(tools / "ours")],
            lmplz=None,
            kenlm=tools,
            mitlm=tools,
            results_dir=tmp_path / "results",
            growth=None,
            command="nextword peers",
        )
        return replace(base, **changes)

    return changed
