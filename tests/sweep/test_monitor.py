"""What a sweep shows: bars on a terminal, plain lines in a pipe."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from terminals import shown_in_terminal

from benchmark.record.folder import write_result
from benchmark.record.progress import Progress
from benchmark.record.result import Result
from benchmark.sweep import monitor as monitors
from benchmark.sweep.compose import collect
from benchmark.sweep.durations import STARTUP, likely_seconds
from benchmark.sweep.launch import monitor_for, plan_runs
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcome, PlannedRun
from benchmark.sweep.subprocess_run import OutputLine

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")

#: Two of three runs in progress, one of which ends: drawn without computing anything.
PROGRAM = """
import sys
from benchmark.record.progress import Progress
from benchmark.sweep import live_monitor
from benchmark.sweep.compose import collect
from benchmark.sweep.launch import plan_runs
from benchmark.sweep.launch import monitor_for
from benchmark.sweep.outcome import Outcome
from benchmark.sweep.subprocess_run import OutputLine

live_monitor.UPDATE_SECONDS = 0
jobs = collect(sys.argv[1:])
runs, _ = plan_runs(jobs, say=print)
with monitor_for(runs, 2, print) as monitor:
    for run in runs[:2]:
        monitor.output(run, OutputLine(Progress(430, 1000, 2.0, {"language model loss": 4.5}).to_line()))
        monitor.output(run, OutputLine(f"{run.job.title}: a message of the model"))
        monitor.output(run, OutputLine("a warning", is_error=True))
    if hasattr(monitor, "_bars"):
        monitor._bars.refresh()
    if len(runs) > 1:
        monitor.output(runs[0], OutputLine(f"{runs[0].job.title}: test perplexity 66.90"))
        monitor.ended(runs[0], Outcome(runs[0].job, "ok", None, runs[0].folder))
    print("the end")
"""


def shown(columns: int, tmp_path: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return shown_in_terminal(command, columns, {"NEXTWORD_CACHE": str(tmp_path / "cache")}, str(tmp_path))


def frames(text: str) -> list[list[str]]:
    """What stood on the terminal between two redrawings."""
    return [
        ESCAPE.sub("", frame).splitlines() for frame in re.split(r"\r\x1b\[2K|(?:\x1b\[1A\x1b\[2K)+", text)
    ]


@pytest.fixture
def runs(tmp_path: Path, text_corpus: list[str], monkeypatch: pytest.MonkeyPatch) -> list[PlannedRun]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    planned, _ = plan_runs(collect(["-m", "model=lstm", "seed=1,2,3", *text_corpus]), say=print)
    return planned


@pytest.mark.parametrize("columns", [80, 120])
def test_a_sweep_has_a_bar_for_each_run_and_one_for_all(
    columns: int, tmp_path: Path, text_corpus: list[str]
) -> None:
    text = shown(columns, tmp_path, "-m", "model=lstm", "seed=1,2,3", *text_corpus)
    drawn = [[line for line in frame if "━" in line] for frame in frames(text)]
    bars = next(frame for frame in drawn if len(frame) == 3 and " 29% " in frame[0])
    assert re.search(r"0 of 3 runs .* 29% .*about 10 s", bars[0]), bars[0]
    assert all(re.search(r"LSTM, .* 43% +215/s +language model loss 4\.5 +0:03", bar) for bar in bars[1:]), (
        bars
    )
    assert max(len(line) for frame in frames(text) for line in frame) <= columns
    assert "a message of the model" not in text
    assert text.count("a warning") == 2
    assert "test perplexity 66.90" in text
    assert any("the end" in line for frame in frames(text) for line in frame)
    assert not any(line.strip() for line in frames(text)[-1])  # nothing of the bars is left


def test_the_bar_of_a_single_run_leaves_its_messages_above(tmp_path: Path, text_corpus: list[str]) -> None:
    text = shown(80, tmp_path, "model=lstm", *text_corpus)
    assert "a message of the model" in text
    assert "1 run" not in text
    assert re.search(r"43% +215/s +language model loss 4\.5 +0:03", ESCAPE.sub("", text))


def test_a_pipe_gets_plain_lines_now_and_then(runs: list[PlannedRun], capsys, monkeypatch) -> None:
    said: list[str] = []
    monitor = monitor_for(runs, 2, said.append)
    assert type(monitor) is Monitor
    for done in range(0, 1000, 10):
        monitor.output(runs[0], OutputLine(Progress(done, 1000, 0.1 + done).to_line()))
    monitor.output(runs[0], OutputLine("a message"))
    assert said == []  # ten seconds have not passed
    assert capsys.readouterr().out == "a message\n"
    monkeypatch.setattr(monitors.Throttle, "due", lambda self: True)
    monitor.output(runs[1], OutputLine(Progress(430, 1000, 2.0, {"loss": 4.5}).to_line()))
    assert said == [f"{runs[1].job.title}: 43% of 1,000 tokens, 215 tokens/s, 0:03 left, loss 4.5"]
    monitor.ended(runs[1], Outcome(runs[1].job, "ok", None, None))
    assert re.fullmatch(r"1 of 3 runs done, about .* left", said[-1])


def test_earlier_runs_tell_how_long_like_ones_take(runs: list[PlannedRun]) -> None:
    """Of two recorded runs the one with the same settings counts, whatever its seed."""
    settings = {**runs[0].job.config["model"], "seed": 7}
    for run_id, recorded, seconds in (
        ("0" * 12, settings, 100.0),
        ("1" * 12, {**settings, "hidden_size": 9999}, 900.0),
    ):
        folder = runs[0].folder.parent / run_id
        folder.mkdir(parents=True)
        result = Result(
            run_id=run_id,
            status="ok",
            model="lstm",
            label="LSTM",
            corpus="files",
            model_settings=recorded,
            train_seconds=seconds,
            score_tokens_per_second=10.0,
            test_targets=50,
        )
        write_result(folder, result)
    assert likely_seconds(runs) == dict.fromkeys(runs, STARTUP + 100.0 + 2 * 50 / 10)
