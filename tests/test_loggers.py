"""Loggers: what they are told, and that they never cost a run."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmark.loggers import feed, process
from benchmark.record.result import Result
from benchmark.run import execute
from benchmark.sweep.compose import collect

RUN = Result(
    run_id="0123456789ab",
    status="ok",
    model="lstm",
    label="LSTM",
    corpus="ptb",
    command="nextword run model=lstm",
    model_settings={"training": {"batch": 20}, "tied": True},
    train_tokens=2000,
    test_perplexity=90.5,
    valid_perplexity=float("inf"),
)
CURVE = [
    {"tokens": 1000.0, "train_loss": 5.0},
    {"tokens": 2000.0, "train_loss": 4.0, "valid_perplexity": 99.0},
]
END = {"status": "ok", "results": {"test_perplexity": 90.5}, "tokens": 2000}


def told(monkeypatch: pytest.MonkeyPatch, program: list[str], rows: int = 2) -> list[str]:
    """What is said of loggers that are a Python program of the test's own."""
    said: list[str] = []
    monkeypatch.setattr(feed, "PROGRAM", [sys.executable, "-c", *program])
    monkeypatch.setattr(feed, "find_spec", lambda name: True)
    monkeypatch.setattr(feed, "PATIENCE", 0.5 if "sleep" in program[0] else 60.0)
    feeding = feed.LoggerFeed(["wandb", "wandb"], Path("results"), RUN, said.append)
    for number in range(rows):
        feeding.curve({"tokens": number, "train_loss": float("nan")})
    feeding.finish(RUN)
    return said


def test_a_run_tells_its_settings_its_curve_and_its_results(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heard = tmp_path / "heard"
    assert told(monkeypatch, [f"import sys; open({str(heard)!r}, 'w').write(sys.stdin.read())"]) == []
    start, first, second, end = map(json.loads, heard.read_text().splitlines())
    assert start["loggers"] == ["wandb"]
    assert start["run"]["settings"]["training.batch"] == 20
    assert (first, second) == ({"curve": {"tokens": 0}}, {"curve": {"tokens": 1}})  # only finite numbers
    assert end["status"] == "ok"
    assert end["tokens"] == 2000
    assert end["results"]["test_perplexity"] == 90.5
    assert "valid_perplexity" not in end["results"]


@pytest.mark.parametrize(
    ("program", "rows", "says"),
    [
        ("raise SystemExit(3)", 2, "their process ended with status 3"),
        ("print('wandb: no disk')", 2, "wandb: no disk"),
        ("import time; time.sleep(60)", 2, "no answer for"),
        ("import time; time.sleep(60)", 20_000, "they do not keep up with the run"),
    ],
)
def test_loggers_that_fail_are_one_warning(
    monkeypatch: pytest.MonkeyPatch, program: str, rows: int, says: str
) -> None:
    (line,) = told(monkeypatch, [program], rows)
    assert line.startswith(f"warning: loggers: {says}")


def test_a_logger_that_is_not_installed_costs_no_run_and_changes_none(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text_corpus: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(feed, "find_spec", lambda name: None)
    line = ["model=unigram", *text_corpus, f"results_dir={tmp_path / 'results'}"]
    ((plain,), (logged,)) = collect(line), collect([*line, "loggers=[mlflow]"])
    assert plain.command == logged.command
    result = execute(logged, report=lambda progress: None)
    assert result.status == "ok"
    assert result.run_id == plain.run_id(plain.corpus_fingerprint(print))
    warnings = [each for each in capsys.readouterr().err.splitlines() if "warning" in each]
    assert len(warnings) == 1
    assert "mlflow is not installed (pip install 'nextword[mlflow]')" in warnings[0]


@pytest.mark.parametrize("cut_off", [False, True])
def test_one_logger_that_fails_does_not_keep_others_from_the_end(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], cut_off: bool
) -> None:
    heard: list[Any] = []

    class Sound:
        def __init__(self, folder: Path, run: Any) -> None:
            heard.append(run)

        def curve(self, row: Any) -> None:
            heard.append(row)

        def finish(self, end: Any) -> None:
            heard.append(end["status"])

    class Failing(Sound):
        def __init__(self, folder: Path, run: Any) -> None:
            pass

        def curve(self, row: Any) -> None:
            raise SystemExit("no\nroom")

    lines = [{"loggers": ["a", "b"], "folder": "x", "run": 1}, {"curve": 2}, {"curve": 3}]
    lines += [] if cut_off else [{"status": "ok", "results": {}, "tokens": 0}]
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(json.dumps(line) + "\n" for line in lines)))
    monkeypatch.setattr(process, "BACKENDS", {"a": Failing, "b": Sound})
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert process.main() == 0
    assert heard == [1, 2, 3, "cut off" if cut_off else "ok"]
    assert capfd.readouterr().out == "a: no room\n"


def test_tensorboard_reads_what_it_was_told(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs tensorboard: pip install 'nextword[tensorboard]'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from benchmark.loggers.backends import TensorBoard

    run = feed.described(RUN)
    cut_off = TensorBoard(tmp_path, run)
    cut_off.curve({"tokens": 500.0, "train_loss": 9.0})
    board = TensorBoard(tmp_path, run)  # the run goes on and tells its whole curve
    for row in CURVE:
        board.curve(row)
    board.finish(END)
    read = EventAccumulator(str(tmp_path / "tensorboard" / "ptb" / "lstm" / RUN.run_id))
    read.Reload()
    assert set(read.Tags()["scalars"]) == {
        "curve/train_loss",
        "curve/valid_perplexity",
        "result/test_perplexity",
    }
    assert [(each.step, each.value) for each in read.Scalars("curve/train_loss")] == [
        (1000, 5.0),
        (2000, 4.0),
    ]
    assert [each.value for each in read.Scalars("result/test_perplexity")] == [90.5]
