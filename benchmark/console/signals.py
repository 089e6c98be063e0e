"""Signals that ask a program to end: Ctrl-C, SIGTERM, and SIGHUP when its terminal is gone.

The first one raises `Stopped` in the main thread, which ends child processes and removes temporary files on
its way out. More of them must not interrupt that, so they are ignored for a while.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: The signals that end a program in good order.
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Seconds for clearing up; a further signal after that ends the process at once.
PATIENCE = 5.0

#: Seconds until a signal is sent again whose exception Python has dropped.
AGAIN = 0.05

#: Seconds between two looks at whether the parent process is still there.
WATCH = 0.5


class Stopped(KeyboardInterrupt):
    """A signal has asked this process to end."""


class StopSignals:
    """What has arrived: `number` is the first signal, if any."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._since = 0.0
        self._process = os.getpid()

    @property
    def arrived(self) -> bool:
        """Whether a signal has asked the process to end."""
        return self.number is not None

    @property
    def status(self) -> int:
        """The exit status by the convention of shells: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (self.number or 0)

    @property
    def described(self) -> str:
        """`interrupted`, or the name of the signal."""
        name = signal.Signals(self.number or signal.SIGINT).name
        return "interrupted" if name == "SIGINT" else f"ended by {name}"

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler of all `STOPPING` signals."""
        if os.getpid() != self._process:  # a forked child has no such handlers
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif self.number is None:
            self.number, self._since = number, time.monotonic()
            raise Stopped
        elif time.monotonic() - self._since > PATIENCE:
            os._exit(self.status)

    def send_again(self, unraisable: Any) -> bool:
        """Whether this is our exception, raised where Python drops exceptions (in `__del__`, say). Then the
        signal is sent again."""
        if not isinstance(unraisable.exc_value, Stopped) or self.number is None:
            return False
        number, self.number = self.number, None
        threading.Timer(AGAIN, os.kill, (os.getpid(), number)).start()
        return True


@contextmanager
def stop_signals(*, ignored_afterwards: bool = False) -> Iterator[StopSignals]:
    """`STOPPING` signals raise `Stopped` within the block.

    Signals that are ignored stay so (`nohup`). `ignored_afterwards`: for a program that has nothing left to
    do but exit, so that its exit is not interrupted. Without effect outside the main thread.
    """
    signals = StopSignals()
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    handled = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]
    hook = sys.unraisablehook
    sys.unraisablehook = lambda unraisable: signals.send_again(unraisable) or hook(unraisable)
    for number in handled:
        signal.signal(number, signals.handle)
    try:
        yield signals
    finally:
        sys.unraisablehook = hook
        for number in handled:
            signal.signal(number, signal.SIG_IGN if ignored_afterwards else before[number])


@contextmanager
def kept_handlers() -> Iterator[None]:
    """Whatever a library does with the handlers within the block, they are what they were afterwards."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


@contextmanager
def hidden_from_children() -> Iterator[None]:
    """Processes started within the block never see what a terminal sends to all of a program's processes.

    Only the program itself acts on Ctrl-C, and ends its processes. They inherit that the signals are blocked.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """End this process soon after the one that has started it, however that one ends."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
