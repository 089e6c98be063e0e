"""A job in a process of its own, with its own memory peak and thread count, which can be killed alone.

Every launcher ends here, on this machine or another, so a run's results do not depend on the launcher.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import IO, Any, Protocol

from benchmark.console.signals import hidden_from_children
from benchmark.environment import child_python
from benchmark.errors import ERROR_MARK
from benchmark.own_folder import inherited

#: Exit status of a worker that met a UserError; nothing is recorded then.
USER_ERROR_STATUS = 2

#: Thread counts must be set before NumPy and torch are imported.
THREAD_COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

#: What is said of a worker whose end nobody has seen.
UNSEEN_END = "its process ended unseen: the one that it was forked from had ended before it"


@dataclass(frozen=True)
class WorkerRequest:
    """What a worker process is told; `environment` changes its variables (None removes one)."""

    config: dict[str, Any]
    command: str
    environment: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkerExit:
    """How a worker process ended: its exit status (negative: a signal's number) and the reason in a line.

    The status is None where it is not known, so that only the run's record tells how it went.
    """

    status: int | None
    reason: str


@dataclass(frozen=True)
class OutputLine:
    """A line that a worker has written: a message, or its progress (`record.progress.Progress.from_line`)."""

    text: str
    is_error: bool = False


class WorkerProcess(Protocol):
    """A worker process: as much of `subprocess.Popen[bytes]` as is used of it."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""

    def wait(self) -> int | None:
        """Its exit status, once it has ended; None if nobody has seen its end."""

    def kill(self) -> None:
        """End it at once; without effect if it has ended."""


def run_in_subprocess(
    request: WorkerRequest,
    output: Callable[[OutputLine], None],
    running: set[WorkerProcess] | None = None,
    start: Callable[[WorkerRequest], WorkerProcess] | None = None,
) -> WorkerExit:
    """Run a job in a worker process, each line that it writes handed to `output`.

    The process is in `running` while it lasts, so that another thread can end it. `start` starts it; by
    default it is a new Python.
    """
    lines = worker_output(request, running=running, start=start)
    while True:
        try:
            output(next(lines))
        except StopIteration as end:
            return end.value


def worker_output(
    request: WorkerRequest,
    *,
    cwd: str | None = None,
    running: set[WorkerProcess] | None = None,
    start: Callable[[WorkerRequest], WorkerProcess] | None = None,
) -> Generator[OutputLine, None, WorkerExit]:
    """The lines that a worker writes, as they come."""
    process = start_python(request, cwd) if start is None else start(request)
    _tell_job(process, request)
    if running is not None:
        running.add(process)
    last = user_error = ""
    try:
        for line in _lines(process):
            if line.is_error and line.text.strip():
                last = line.text
            if line.is_error and line.text.startswith(ERROR_MARK):  # the summary shows a UserError
                user_error = line.text.removeprefix(ERROR_MARK)
            else:
                yield line
        status = process.wait()
    finally:
        _end(process)
        if running is not None:
            running.discard(process)
    reason = user_error or _reason(status, last)
    if status == USER_ERROR_STATUS and not user_error:  # a model's code may end its process so, too
        status = 1
    return WorkerExit(status, reason)


def start_python(request: WorkerRequest, cwd: str | None = None) -> WorkerProcess:
    """A worker process that is a new Python, and waits for its job."""
    with hidden_from_children():
        return subprocess.Popen(
            [sys.executable, "-m", "benchmark.sweep.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=worker_environment(request),
            cwd=cwd,
        )


def _tell_job(process: WorkerProcess, request: WorkerRequest) -> None:
    message = {"config": request.config, "command": request.command}
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has died already; its status says how
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()


def _lines(process: WorkerProcess) -> Generator[OutputLine, None, None]:
    """Lines of both outputs as they come."""
    queue: SimpleQueue[OutputLine | None] = SimpleQueue()

    def read(stream: IO[bytes], is_error: bool) -> None:
        for raw in stream:
            queue.put(OutputLine(raw.decode(errors="replace").rstrip(), is_error))
        queue.put(None)

    assert process.stdout is not None
    assert process.stderr is not None
    for stream in (process.stdout, process.stderr):
        threading.Thread(target=read, args=(stream, stream is process.stderr), daemon=True).start()
    closed = 0
    while closed < 2:
        line = queue.get()
        if line is None:
            closed += 1
        else:
            yield line


def _end(process: WorkerProcess) -> None:
    if process.poll() is None:
        process.kill()
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.wait()


def worker_environment(request: WorkerRequest) -> dict[str, str]:
    """The variables a worker starts with: ours, its thread counts, and what the request changes."""
    counts = dict.fromkeys(THREAD_COUNTS, str(request.config["threads"]))
    ours = {**counts, **child_python(), **inherited(), "PYTHONUNBUFFERED": "1"}
    changed = {**os.environ, **ours, **request.environment}
    return {name: value for name, value in changed.items() if value is not None}


def _reason(status: int | None, last: str) -> str:
    if status is None:
        return UNSEEN_END
    if status < 0:
        name = signal.Signals(-status).name
        hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    if status == 0:
        return (
            "its process ended well and recorded nothing here: the model's code ended it (os._exit), or the "
            "code or the corpus has changed since the start"
        )
    return last or f"its process ended with status {status} and no record"
