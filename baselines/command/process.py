"""A program that answers on its standard output what it is asked on its standard input, line by line."""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import time
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from benchmark.errors import BrokenContract, UserError

#: Bytes that are read from a pipe at once.
_BLOCK = 1 << 18
#: Bytes of a line that is no answer of numbers, and bytes of a number, at most.
_LONGEST_LINE, _LONGEST_NUMBER = 1 << 16, 64
#: What is shown of a line, and of the program's standard error: characters, and lines.
SHOWN, _TAIL, _TAIL_LINES = 80, 400, 3
#: Seconds in which a program may end by itself once its input has ended.
_PATIENCE = 0.5


class CommandFailed(BrokenContract):
    """The program ended, was silent for too long, or gave an answer that is none. It is no longer running."""


class Process:
    """A running program.

    It ends with this object, however that goes: its input ends, and if that is not enough it is killed, with
    all processes of its group. Should this process be killed, its input ends as well. `held` is a descriptor
    that it inherits (see `TemporaryFolder`). Raises UserError where it cannot be started.
    """

    def __init__(self, command: Sequence[str], held: int | None = None) -> None:
        self.shown = shlex.join(command)
        try:
            child = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C reaches this process, which ends the program
                pass_fds=[] if held is None else [held],
            )
        except (OSError, ValueError) as error:  # ValueError: a null character
            problem = error.strerror if isinstance(error, OSError) else str(error)
            raise UserError(f"model.command: cannot start {self.shown}: {problem}") from error
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        self._child, self._input, self._output, self._errors = child, child.stdin, child.stdout, child.stderr
        self.close = weakref.finalize(self, _end, child, os.getpid())
        self._selector = selectors.DefaultSelector()
        for pipe in (self._input, self._output, self._errors):
            os.set_blocking(pipe.fileno(), False)
        for pipe in (self._output, self._errors):
            self._selector.register(pipe, selectors.EVENT_READ)
        self._unsent = memoryview(b"")
        self._lines: deque[bytes] = deque()
        self._rest = bytearray()
        self._ended = False
        self._said = bytearray()
        self._failure: CommandFailed | None = None

    def send(self, request: bytes, about: str) -> None:
        """Begin to send a request; `line` goes on with it. `about` names it in messages.

        Raises CommandFailed where the program has said something that nobody asked for.
        """
        if self._failure is not None:
            raise self._failure
        self._pump(0.0)
        if self._lines or self._rest:
            said = self._lines[0] if self._lines else bytes(self._rest)
            raise self.failure(f"said {quoted(said)} before it was asked {about}: one answer to each line")
        if not self._unsent:
            self._selector.register(self._input, selectors.EVENT_WRITE)
        self._unsent = memoryview(bytes(self._unsent) + request)

    def line(self, seconds: float | None, asked: object, numbers: int = 0) -> bytes:
        """The next line of the answer, without its end.

        `seconds`: the longest silence; None: no limit. `asked`: what was asked, for messages. `numbers`: how
        many the line should hold. Raises CommandFailed.
        """
        most = max(_LONGEST_LINE, _LONGEST_NUMBER * numbers)
        while not self._lines:
            if self._ended:
                raise self.failure(f"{self._how_it_ended()} instead of answering {asked}")
            if len(self._rest) > most:
                break
            if not self._pump(seconds):
                limit = "model.timeout and model.fit_timeout say how long it may be"
                raise self.failure(f"was silent for {seconds:g} s, asked {asked} ({limit})")
        said = self._lines.popleft() if self._lines else self._rest  # its end may have come with it
        if len(said) > most:
            raise self.failure(f"answered {asked} by a line of more than {most:,} bytes")
        return bytes(said)

    def failure(self, problem: str) -> CommandFailed:
        """An error on this program, which is ended. It is one line, with the end of its standard error."""
        with suppress(OSError):
            self._pump(0.0)
        self.close()
        said = [line.strip() for line in self._said.decode(errors="replace").splitlines() if line.strip()]
        tail = " | ".join(said[-_TAIL_LINES:])[-_TAIL:]
        errors = f"; its standard error ends: {tail}" if tail else "; it wrote nothing to its standard error"
        self._failure = CommandFailed(f"the command {self.shown}", problem + errors)
        return self._failure

    def _pump(self, seconds: float | None) -> bool:
        """Write and read what goes without waiting, once anything goes; False if for so long nothing does."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            if key.fileobj is self._input:
                self._write()
            elif key.fileobj is self._output:
                self._take(self._read(self._output))
            else:
                self._said = (self._said + self._read(self._errors))[-4 * _TAIL :]
        return bool(ready)

    def _write(self) -> None:
        try:
            self._unsent = self._unsent[os.write(self._input.fileno(), self._unsent) :]
        except BlockingIOError:
            return
        except OSError:  # it reads no more; what it says, or its end, tells why
            self._unsent = memoryview(b"")
        if not self._unsent:
            self._selector.unregister(self._input)

    def _read(self, pipe: IO[bytes]) -> bytes:
        try:
            block = os.read(pipe.fileno(), _BLOCK)
        except BlockingIOError:
            return b""
        if not block:
            self._selector.unregister(pipe)
            self._ended |= pipe is self._output
        return block

    def _take(self, block: bytes) -> None:
        first, *others = block.split(b"\n")
        self._rest += first
        if others:
            self._lines.append(bytes(self._rest))
            self._lines.extend(others[:-1])
            self._rest = bytearray(others[-1])

    def _how_it_ended(self) -> str:
        said = f", after {quoted(self._rest)} without an end of line," if self._rest else ""
        end = _end_of(self._child.pid, _PATIENCE)
        if end is None:
            return f"closed its standard output{said}"
        by_itself = end.si_code == os.CLD_EXITED
        how = f"with status {end.si_status}" if by_itself else f"by {signal.Signals(end.si_status).name}"
        return f"ended {how}{said}"


def quoted(line: bytes | bytearray | str) -> str:
    """A line as messages show it: its beginning, in quotes."""
    said = line if isinstance(line, str) else line[: 4 * SHOWN].decode(errors="replace")
    return repr(said if len(said) <= SHOWN else said[:SHOWN] + "…")


def _end(child: subprocess.Popen[bytes], owner: int) -> None:
    """End a program and what it has started: by the end of its input, and then by SIGKILL."""
    if os.getpid() != owner:  # a copy of that process
        return
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    _end_of(child.pid, _PATIENCE)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)  # until `wait`, no other process has its number
    child.wait()
    if child.stderr is not None:
        child.stderr.close()


def _end_of(pid: int, seconds: float) -> os.waitid_result | None:
    """How a child process has ended; None if it goes on for so many seconds. Its number stays taken."""
    stop = time.monotonic() + seconds
    while True:
        end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if end is not None or time.monotonic() > stop:
            return end
        time.sleep(0.002)
