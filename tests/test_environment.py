"""Settings from the environment: read, checked at the start, and documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.environment import (
    CACHE,
    CHECKPOINT_SECONDS,
    COUNTING,
    CUDA_GRAPHS,
    FOOTPRINT,
    MEMORY,
    VARIABLES,
    Variable,
    check_environment,
    user_path,
)

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("variable", "said", "value"),
    [
        (CHECKPOINT_SECONDS, "0.5", 0.5),
        (CHECKPOINT_SECONDS, "", 60.0),
        (MEMORY, "4g", 4 << 30),
        (MEMORY, "500M", 500 << 20),
        (MEMORY, "1000", 1000),
        (COUNTING, "processes:2", "processes:2"),
        (COUNTING, "ray:auto", "ray:auto"),
        (CUDA_GRAPHS, "0", False),
        (FOOTPRINT, "True", True),
        (CACHE, "not_there_yet", Path("not_there_yet")),
    ],
)
def test_a_variable_has_the_value_of_its_text(
    variable: Variable, said: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable.name, said)
    assert variable.value == value


@pytest.mark.parametrize(
    ("name", "said", "way_out"),
    [
        ("NEXTWORD_CHECKPOINT_SECONDS", "x", "give seconds as a number from 0"),
        ("NEXTWORD_CHECKPOINT_SECONDS", "nan", "give seconds as a number from 0"),
        ("NEXTWORD_CHECKPOINT_SECONDS", "-1", "give seconds as a number from 0"),
        ("NEXTWORD_MEMORY", "0", "give bytes as a whole number"),
        ("NEXTWORD_MEMORY", "4 G", "give bytes as a whole number"),
        ("NEXTWORD_MEMORY", "٤G", "give bytes as a whole number"),
        ("NEXTWORD_COUNTING", "processes", "give processes:N"),
        ("NEXTWORD_COUNTING", "processes:0", "give processes:N"),
        ("NEXTWORD_FOOTPRINT", "maybe", "give true or false"),
        ("NEXTWORD_CUDA_GRAPHS", "off", "give true or false"),
        ("NEXTWORD_CORPORA", "nowhere", "there is no such folder"),
        ("NEXTWORD_CACHE", __file__, "it is a file; give a folder"),
        ("NEXTWORD_LMPLZ", "nowhere", "there is no such program"),
        ("NEXTWORD_CHEKPOINT_SECONDS", "3", "Did you mean NEXTWORD_CHECKPOINT_SECONDS?"),
        ("WORLD_SIZE", "two", "torchrun gives a whole number"),
    ],
)
def test_nonsense_is_one_line_before_a_verb_begins(
    name: str,
    said: str,
    way_out: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, said)
    assert main(["list", "models"]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith(f"nextword: {name}")
    assert way_out in line
    assert captured.out == ""


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.setenv(variable.name, "")
    check_environment()
    assert [variable.value for variable in VARIABLES] == [variable.unset for variable in VARIABLES]


def test_the_page_on_sweeps_lists_every_variable() -> None:
    page = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `NEXTWORD_")]
    assert rows == [f"| `{each.name}` | {each.meaning} | {each.default} |" for each in VARIABLES]


def test_a_path_begins_at_home_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert user_path("~/x.txt") == Path("/home/someone/x.txt")
    assert user_path("~x.txt") == Path("~x.txt")
