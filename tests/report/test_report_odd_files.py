"""Whatever the files of a results folder hold, the rest is shown: damaged at random, from a fixed seed."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from synthetic_runs import COUNTED, NEURAL, PTB, config, curve, finished, samples, write_run

from benchmark.cli import main
from benchmark.record.folder import read_runs
from benchmark.report import sections
from benchmark.report.context import context_of

#: Values that no writer of ours gives, or not there.
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 1e308, 2**63 - 1, 10**30, "", "inf", "\x1b[31m", "../..", "=1", "$x_{", "a\nb",
    [], {}, [None], ["x"], [[1], 2], {"": {}}, {"_target_": "os.system"}, [1e308] * 3,
]  # fmt: skip
#: Contents of files.
RAW = [
    b"", b"null", b"[]", b"{}", b"7", b'"x"', b"[" * 100_000, b"\xff\xfe\x00", b"[NaN]", b"[1e999]",
    b"9" * 6_000, b'{"a":1,"a":2}', b"a: &a [*a]", b"!!python/name:os.system", b"tokens\n1e999\nnan\n-5\n",
]  # fmt: skip

TRIAL = {
    "number": 1,
    "parameters": {"model.k": 1},
    "model": "add_k",
    "corpus": "ptb",
    "label": "x",
    "state": "ok",
}
SEARCH: dict[str, Any] = {
    "name": "s", "digest": "d", "description": "d", "command": "nextword run +search=s", "base": [],
    "space": {"model.k": {"choices": [1, 2]}}, "sampler": "tpe", "seed": 1, "batch": 1,
    "measure": "valid_perplexity", "proposer": "optuna", "planned": 1,
}  # fmt: skip


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for model, label, *figures in (COUNTED[2], COUNTED[4], NEURAL[2]):
        family = "neural" if model == "lstm" else "count"
        record = finished(PTB, model, label, family, tuple(figures), started="2026-01-01T00:00:00+00:00")
        targets, nll = record["test_targets"], record["test_nll"]
        task = {"version": 1, "data": "x", "judged": "x", "reading": ["y"]}
        pairs = {"name": "a", "phenomenon": "b", "pairs": 10, "right": 7}
        code = {"after": 0, "tokens": 8, "bits": 9.0}, {"after": 8, "tokens": 8, "bits": 5.0}
        started = {"started": record["started"]}
        write_run(
            tmp_path,
            record,
            config_yaml=config(model, _target_="baselines.ngram.smoothing.add_k.AddK", k=1),
            curve_csv=curve(120.0),
            samples_json=samples(label),
            environment_json=json.dumps({"python": "3.12", "packages": {"numpy": "2"}}),
            losses_csv="criterion,group,targets,nll\nfrequency,1,5,7.5\nfrequency,2+,6,8.5\n",
            blocks_json=json.dumps({"unit": "blocks of 50 lines", "targets": [targets], "nll": [nll]}),
            judgements_json=json.dumps({**started, "blimp": {**task, "sets": [pairs]}}),
            prequential_json=json.dumps({**started, "vocabulary": 9, "targets": 16, "blocks": code}),
        )
    trial = {
        **TRIAL,
        "run_id": record["run_id"],
        "command": "nextword run",
        "state": "ok",
        "valid_perplexity": 5.0,
    }
    (tmp_path / "searches").mkdir()
    (tmp_path / "searches" / "s-d.json").write_text(json.dumps({**SEARCH, "trials": [trial]}))
    return tmp_path


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, value in (
        data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    ):
        yield from places(value, (*path, key))


def damage(path: Path, dice: random.Random) -> None:
    """Put something odd into a file, or in its place."""
    written, kind = path.read_bytes(), dice.random()
    if kind < 0.6 and path.suffix in (".json", ".yaml"):
        data = json.loads(written)
        for _ in range(dice.choice([1, 1, 3])):
            *around, last = dice.choice(list(places(data)))
            inner = data
            for key in around:
                inner = inner[key]
            inner[last] = copy.deepcopy(dice.choice(ODD))
        path.write_text(json.dumps(data))
    elif kind < 0.9:
        path.write_bytes(dice.choice([*RAW, written[: dice.randrange(len(written))]]))
    else:
        path.unlink()
        dice.choice([path.mkdir, lambda: os.mkfifo(path), lambda: path.symlink_to(path)])()


def restore(path: Path, content: bytes) -> None:
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    path.write_bytes(content)


def test_whatever_a_file_holds_the_other_runs_are_shown(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(1)
    files = sorted(path for path in results.rglob("*") if path.suffix in (".json", ".yaml", ".csv"))
    for number in range(25):
        path = dice.choice(files)
        content = path.read_bytes()
        damage(path, dice)
        for command in (["status"], ["report", "--table"], ["show", path.parent.name]):
            status = main([*command, f"results_dir={results}"])
            said = capsys.readouterr().err
            assert status in (0, 2), (path, command, said)
            warnings = [line for line in said.splitlines() if line.startswith("warning: ")]
            assert len(warnings) <= 1, said
        if number % 20 == 0:
            list(sections.build_all(context_of(read_runs(results), results)))
            capsys.readouterr()
        restore(path, content)


@pytest.mark.parametrize("content", RAW, ids=repr)
def test_a_record_that_holds_anything_else_is_one_warning(
    content: bytes, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = next(results.glob("runs/ptb/add_k/*/result.json"))
    path.write_bytes(content)
    assert main(["report", "--table", "--results-dir", str(results)]) == 0
    shown = capsys.readouterr()
    assert "LSTM" in shown.out
    assert [line.startswith(f"warning: cannot read {path}: ") for line in shown.err.splitlines()] == [True]
