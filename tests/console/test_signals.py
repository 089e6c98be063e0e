"""A signal ends the program once, in good order, however often it is sent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from benchmark import cli
from benchmark.console.signals import Stopped, hidden_from_children, kept_handlers, stop_signals


@pytest.mark.parametrize(
    ("number", "status", "line"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        (signal.SIGHUP, 129, "ended by SIGHUP"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "report"])
def test_any_verb_ends_with_one_line_and_the_shells_status(
    monkeypatch: pytest.MonkeyPatch, capsys, number: signal.Signals, status: int, line: str, verb: str
) -> None:
    cleared = []

    def work(arguments: list[str]) -> int:
        try:
            signal.raise_signal(number)
            return 0
        finally:
            for again in (number, signal.SIGINT, signal.SIGTERM):  # an impatient person
                signal.raise_signal(again)
            cleared.append(True)

    monkeypatch.setattr(cli, "_dispatch", work)
    before = signal.getsignal(number)
    assert cli.main([verb]) == status
    said = capsys.readouterr()
    advice = "; the same command continues where it stopped" if verb == "run" else ""
    assert (said.out, said.err) == ("", f"nextword: {line}{advice}\n")
    assert cleared == [True]
    assert signal.getsignal(number) is before


def test_an_error_that_a_library_makes_of_the_signal_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def work(arguments: list[str]) -> int:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ValueError("interrupted system call") from None
        return 0

    monkeypatch.setattr(cli, "_dispatch", work)
    assert cli.main(["--debug", "report"]) == 130
    assert capsys.readouterr().err == "nextword: interrupted\n"


def test_a_signal_whose_exception_python_drops_is_sent_again() -> None:
    class Closing:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    with stop_signals() as signals:
        Closing()  # is dropped at once, and Python drops what its __del__ raises
        with pytest.raises(Stopped):
            time.sleep(60)
        assert signals.status == 130


def test_an_ignored_signal_stays_ignored_and_a_librarys_handler_goes() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    try:
        with stop_signals() as signals:
            signal.raise_signal(signal.SIGHUP)
            with kept_handlers():
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
            assert signal.getsignal(signal.SIGTERM) == signals.handle
        assert not signals.arrived
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_a_terminal_sends_to_all_does_not_reach_the_children() -> None:
    wait = "import sys; print(flush=True); sys.stdin.read(); print('whole')"
    with hidden_from_children():
        child = subprocess.Popen(
            [sys.executable, "-S", "-c", wait], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    assert child.stdout is not None
    child.stdout.readline()
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(child.pid, number)
    assert child.communicate()[0] == "whole\n"
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
