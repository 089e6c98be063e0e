"""Nothing that becomes of the output can end the work: no reader, a full disk, a terminal of few signs."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.console.output import problem_of, showable, steady_output
from benchmark.job import in_sweep
from benchmark.run import execute
from benchmark.sweep.compose import collect


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "inf 2 x 128 cafe 3+-1 -> ... ? ? O"),
        ("latin-1", "inf 2 × 128 café 3±1 -> ... ? ? Ö"),
        ("cp437", "∞ 2 x 128 café 3±1 -> ... ? ? Ö"),
        ("utf-8", "∞ 2 × 128 café 3±1 → … \N{GRINNING FACE} ? Ö"),
    ],
)
def test_a_terminal_shows_what_it_lacks_in_other_signs(
    monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding, errors="strict"))
    text = "∞ 2 × 128 café 3±1 → … \N{GRINNING FACE} \udce9 Ö"
    with steady_output():
        print(text)
        assert showable(text) == shown
    assert written.getvalue().decode(encoding).rstrip() == shown


def closed_pipe() -> io.TextIOWrapper:
    read, write = os.pipe()
    os.close(read)
    return open(write, "w", encoding="utf-8")


def closed_file() -> io.TextIOWrapper:
    file = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    file.close()
    return file


@pytest.mark.parametrize(
    ("stream", "problem"),
    [
        (closed_pipe, None),
        (lambda: open("/dev/full", "w", encoding="utf-8"), "No space left on device"),  # noqa: SIM115
        (closed_file, "I/O operation on closed file"),
        (lambda: None, None),
    ],
)
@pytest.mark.parametrize("size", [1, 100_000])
def test_output_that_cannot_be_written_is_left_out(
    monkeypatch: pytest.MonkeyPatch, stream, problem: str | None, size: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream())
        with steady_output() as output:
            for _ in range(3):
                print("x" * size, flush=size == 1)
                sys.stdout.writelines(["a", "b"])
            assert not sys.stdout.isatty() or stream is closed_file
        assert (problem_of(output) or "") == "" if problem is None else problem in str(problem_of(output))


def test_a_run_finishes_and_is_recorded_though_nobody_reads_what_it_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text_corpus: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", closed_pipe())
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict"))
    arguments = ["model=maximum_likelihood", "model.order=2", *text_corpus, f"results_dir={tmp_path}"]
    (job,) = in_sweep(collect(arguments))
    with steady_output():
        result = execute(job)
    assert result.status == "ok"
    assert "perplexity" in next(tmp_path.glob("runs/*/*/*/log.txt")).read_text(encoding="utf-8")


@pytest.mark.parametrize(("verb", "status"), [("list", 1), ("status", 1)])
def test_a_verb_whose_output_is_lost_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys, tmp_path: Path, verb: str, status: int
) -> None:
    """Whoever redirects it into a file on a full disk must learn that the file is not whole."""
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch, open("/dev/full", "w", encoding="utf-8") as full:
        patch.setattr(sys, "stdout", full)
        assert main([verb]) == status
    said = capsys.readouterr().err
    assert said == "nextword: standard output could not be written: No space left on device\n"


def test_a_worker_writes_utf_8_whatever_the_terminal_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that reads its lines decodes them so, and the worker inherits the terminal's settings."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    with steady_output(encoding="utf-8"):
        print("2 × 128")
    assert written.getvalue().decode("utf-8") == "2 × 128\n"
