"""Where defaults come from: models and recipes say it in lines `# Defaults: …`, and searches bear it out.

docs/sweeps.md describes the form. A record may only be named where its best trial has the defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmark.search.record import SearchRecord, read_record
from benchmark.sweep.compose import Collector

ROOT = Path(__file__).parents[1]
CONF = ROOT / "conf"
REFERENCE = ROOT / "results" / "reference"
FILES = [path for group in ("model", "train") for path in sorted((CONF / group).glob("*.yaml"))]
#: How a part of a line begins.
KINDS = ("published: ", "searches/", "not tuned: ")
COLLECTOR = Collector()


def parts(path: Path) -> list[str]:
    """What a file says of its defaults. A semicolon divides parts, or the works that one part names."""
    found: list[str] = []
    for line in re.findall(r"^# Defaults: (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
        first, *others = line.split("; ")
        found.append(first)
        for other in others:
            if other.startswith(KINDS):
                found.append(other)
            else:
                found[-1] += f"; {other}"
    return found


def named(path: Path) -> list[str]:
    return [part for part in parts(path) if part.startswith("searches/")]


def id_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", FILES, ids=id_of)
def test_every_file_says_where_its_defaults_come_from(path: Path) -> None:
    said = parts(path)
    assert said, f"{path} has no line '# Defaults: …': docs/sweeps.md describes it"
    for part in said:
        assert part.startswith(KINDS), f"{path}: {part!r} begins with none of {', '.join(KINDS)}"


def records(path: Path) -> list[SearchRecord]:
    """The records that a file names, by their names or by patterns such as `searches/lstm-*.json`."""
    found = []
    for pattern in named(path):
        files = sorted(REFERENCE.glob(pattern))
        assert files, f"{path} names {pattern}, and {REFERENCE} has no such record"
        for file in files:
            record = read_record(file)
            assert record is not None, f"cannot read {file}"
            found.append(record)
    return found


@cache
def settings(path: Path) -> dict[str, Any]:
    """The defaults of a file by their names on the command line; a recipe's are those of `model.training`."""
    if path.parent.name == "model":
        (job,) = COLLECTOR.jobs([f"model={path.stem}"])
        return dict(flat(job.config["model"], "model"))
    (job,) = COLLECTOR.jobs(["model=lstm", f"train@model.training={path.stem}"])
    return dict(flat(job.config["model"]["training"], "model.training"))


def flat(values: dict[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{where}.{key}")
        else:
            yield f"{where}.{key}", value


@pytest.mark.parametrize("path", [path for path in FILES if named(path)], ids=id_of)
def test_a_search_that_is_named_found_the_defaults(path: Path) -> None:
    """Its best trial has the file's values. (The first has the defaults, and is best if none was better.)

    What its trials shared and the file has otherwise, such as the size of a network, is said to be not tuned.
    """
    defaults = settings(path)
    untuned = " ".join(part for part in parts(path) if part.startswith("not tuned: "))
    for record in records(path):
        file, best = record.path(REFERENCE), record.best
        assert best is not None, f"no trial of {file} ended well"
        assert is_of(record, path), f"{file} searched another model than that of {path}"
        searched = {key: value for key, value in best.parameters.items() if key in defaults}
        assert searched, f"{file} searched nothing that {path} sets"
        assert searched == {key: defaults[key] for key in searched}, (
            f"{file} found other values than {path} has"
        )
        for key, value in shared(record).items():
            if key in defaults and key not in searched and value != defaults[key]:
                name = key.rpartition(".")[2]
                assert name in untuned, f"{path}: {name} is not tuned, since {file} searched at {key}={value}"


def shared(record: SearchRecord) -> dict[str, Any]:
    """The settings of the base that all trials had."""
    pairs = (override.split("=", 1) for override in record.base if override.startswith("model."))
    return {key: yaml.safe_load(value) for key, value in pairs}


def is_of(record: SearchRecord, path: Path) -> bool:
    """Whether a record is of this model, or of one that is trained by this recipe unless told otherwise."""
    (model,) = [override.removeprefix("model=") for override in record.base if override.startswith("model=")]
    if path.parent.name == "model":
        return model == path.stem
    choices = yaml.safe_load((CONF / "model" / f"{model}.yaml").read_text(encoding="utf-8"))["defaults"]
    return {"/train@training": path.stem} in choices


def test_the_parts_of_a_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "# A model.\n# Defaults: published: Ney (1995); Chen (1999)\n"
        "# Defaults: searches/a-*.json; not tuned: order\n"
    )
    assert parts(file) == ["published: Ney (1995); Chen (1999)", "searches/a-*.json", "not tuned: order"]
    assert named(file) == ["searches/a-*.json"]
