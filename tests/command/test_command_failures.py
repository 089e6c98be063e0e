"""A program that does not do as the protocol says is named, with what it was asked and what it said."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from command_cases import ASKED, FITTED, fitted, is_alive, pid, shell, stream

from baselines.command.process import CommandFailed

TEXT = stream("a b </s> b a </s>")
ASKING = r"'score 2', line 'a b </s>'"
GREETED = 'read x; echo "nextword 1"; '


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 3", r"ended with status 3 instead of answering 'nextword 1'"),
        ("read x; echo hello; cat", r"answered 'nextword 1' by 'hello' instead of the same line"),
        ("cat", r"answered fit by 'fit', which is none of log, progress"),
        (GREETED + "read x; echo bytes many; cat", r"answered fit by 'bytes many'"),
        (
            GREETED + f"read x; echo bytes {2**63}; cat",
            r"answered fit by 'bytes \d+', a number that 64 bits do",
        ),
        (GREETED + "read x; echo error no room; cat", r"refused fit: no room"),
        (GREETED + "echo oops >&2; kill -9 $$", r"ended by SIGKILL instead of answering 'fit'.*ends: oops$"),
        (ASKED + "echo one 2>&1; cat", ASKING + r" by 'one', which is not all numbers"),
        (ASKED + "echo; cat", ASKING + r" by 0 numbers, not 3, one for each word: ''"),
        (ASKED + "echo -1 -2; cat", ASKING + r" by 2 numbers, not 3, one for each word: '-1 -2'"),
        (ASKED + "echo -1 nan -2; echo -1 -1 -1; cat", ASKING + ".*number 2, nan, is no number"),
        (ASKED + "echo -1 -1 -1; echo -1 -1 0.5; cat", r"line 'b a </s>' by .*number 3, 0.5, is above 0"),
        (ASKED + "echo error too long; cat", r"refused 'score 2', line 'a b </s>': too long"),
        (
            ASKED + "printf ' -1 -2'; exec >&-; sleep 9",
            r"closed its standard output, after ' -1 -2' without an",
        ),
        (ASKED + "echo 1 >&2; echo 2 >&2; exit 0", r"status 0 instead of answering 'score 2'.*ends: 1 \| 2$"),
        (ASKED + "head -c 99999 /dev/zero; sleep 9", r"by a line of more than 65,536 bytes"),
        (ASKED + "head -c 99999 /dev/zero; echo; cat", r"by a line of more than 65,536 bytes"),
        (FITTED + "exec <&-; exit 1", r"ended with status 1.*it wrote nothing to its standard error$"),
    ],
)
def test_it_is_named_in_one_line(script: str, says: str) -> None:
    with pytest.raises(CommandFailed, match=says) as failed:
        fitted(shell(script), TEXT).log_probs(TEXT)
    assert str(failed.value).startswith("the command sh -c ")
    assert "\n" not in str(failed.value)


def test_a_program_that_says_more_than_it_was_asked_is_refused() -> None:
    """At the next request, whose answer would be taken for that of another line."""
    model = fitted(shell(ASKED + "read x; printf '%s\\n' '-1 -1 -1' '-2 -2 -2' -7; cat"), TEXT)
    assert model.log_probs(TEXT).tolist() == [-1, -1, -1, -2, -2, -2]
    with pytest.raises(
        CommandFailed, match=r"said '-7' before it was asked 'score 2': one answer to each line"
    ):
        model.log_probs(TEXT)


def test_a_silent_program_is_given_up() -> None:
    script = FITTED + "read x; echo wait >&2; sleep 60"
    model = fitted({**shell(script), "timeout": 0.2}, TEXT)
    says = r"silent for 0.2 s, asked 'score 2', line 'a b </s>' \(model.timeout and .*ends: wait$"
    with pytest.raises(CommandFailed, match=says):
        model.log_probs(TEXT)
    assert not is_alive(model)
    with pytest.raises(CommandFailed, match="was silent"):  # and it is not asked again
        model.log_probs(TEXT)


def test_scores_above_zero_are_allowed_if_they_are_no_probabilities() -> None:
    script = FITTED + "while read x; do read x; echo 1 2 3; read x; echo -1 0 1; done"
    model = fitted(shell(script, normalised=False), TEXT)
    assert model.log_probs(TEXT).tolist() == [1, 2, 3, -1, 0, 1]


def test_nothing_is_left_of_a_program() -> None:
    """Its children end with it, also where it ignores the end of its input."""
    stubborn = FITTED + "trap '' HUP TERM; sleep 60 & echo $! >&2; wait; sleep 60"
    model = fitted(shell(stubborn), TEXT)
    process, folder = pid(model), Path(model._own.path)
    assert folder.exists()
    children = [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    del model
    gc.collect()
    assert not folder.exists()
    wait_for_end(process, *children)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_run_is_ended(number: signal.Signals, tmp_path: Path) -> None:
    """In the middle of an answer, by Ctrl-C and by what no process can catch."""
    script = FITTED + "read x; echo $$ >&2; touch asked; cat"
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from command_cases import *\n"
        f"model = fitted(shell({script!r}), stream('a b </s>'))\n"
        "print(pid(model), flush=True); model.timeout = None; model.log_probs(stream('a b </s>'))\n"
    )
    arguments: list[Any] = [sys.executable, "-c", program, Path(__file__).parent]
    with subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        process = int(running.stdout.readline())
        stop = time.monotonic() + 60
        while not (tmp_path / "asked").exists() and time.monotonic() < stop:
            time.sleep(0.01)
        os.kill(running.pid, number)
        running.communicate()
    wait_for_end(process)


def wait_for_end(*processes: int) -> None:
    stop = time.monotonic() + 30
    while any(map(is_running, processes)):
        assert time.monotonic() < stop, "a process is left"
        time.sleep(0.01)


def is_running(process: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
