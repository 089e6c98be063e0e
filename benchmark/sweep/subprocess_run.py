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
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import IO, Any

from benchmark.errors import ERROR_MARK

#: Exit status of a worker that met a UserError; nothing is recorded then.
USER_ERROR_STATUS = 2

#: Thread counts must be set before NumPy and torch are imported.
THREAD_COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

Process = subprocess.Popen  # its type parameter is bytes throughout this module


@dataclass(frozen=True)
class WorkerRequest:
    """What a worker process is told; `environment` changes its variables (None removes one)."""

    config: dict[str, Any]
    command: str
    terminal: bool = False
    environment: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkerExit:
    """How a worker process ended: its exit status (negative: a signal's number) and the reason in a line."""

    status: int
    reason: str


def run_in_subprocess(request: WorkerRequest, running: set[Process[bytes]] | None = None) -> WorkerExit:
    """Run a job in a worker process, its output and errors passed on to ours.

    The process is in `running` while it lasts, so that another thread can end it.
    """
    lines = worker_output(request, running=running)
    while True:
        try:
            print(next(lines), file=sys.stderr, flush=True)
        except StopIteration as end:
            return end.value


def worker_output(
    request: WorkerRequest,
    *,
    captured: bool = False,
    cwd: str | None = None,
    running: set[Process[bytes]] | None = None,
) -> Generator[str, None, WorkerExit]:
    """Lines of a worker's standard error as they come; with `captured`, those of its standard output too."""
    process = _started(request, captured, cwd)
    if running is not None:
        running.add(process)
    last = ""
    try:
        for line, is_error in _lines(process):
            if is_error and line.strip():
                last = line
            if not (is_error and line.startswith(ERROR_MARK)):  # the summary shows a UserError's message
                yield line
        status = process.wait()
    finally:
        _end(process)
        if running is not None:
            running.discard(process)
    return WorkerExit(status, _reason(status, last.removeprefix(ERROR_MARK)))


def _started(request: WorkerRequest, captured: bool, cwd: str | None) -> Process[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmark.sweep.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if captured else None,
        stderr=subprocess.PIPE,
        env=worker_environment(request),
        cwd=cwd,
    )
    message = {"config": request.config, "command": request.command, "terminal": request.terminal}
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has died already; its status says how
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
    return process


def _lines(process: Process[bytes]) -> Generator[tuple[str, bool], None, None]:
    """Lines of both outputs as they come, and whether each is of standard error."""
    queue: SimpleQueue[tuple[bytes, bool] | None] = SimpleQueue()

    def read(stream: IO[bytes], is_error: bool) -> None:
        for raw in stream:
            queue.put((raw, is_error))
        queue.put(None)

    streams = [(stream, stream is process.stderr) for stream in (process.stdout, process.stderr) if stream]
    for stream, is_error in streams:
        threading.Thread(target=read, args=(stream, is_error), daemon=True).start()
    closed = 0
    while closed < len(streams):
        item = queue.get()
        if item is None:
            closed += 1
        else:
            yield item[0].decode(errors="replace").rstrip(), item[1]


def _end(process: Process[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.wait()


def worker_environment(request: WorkerRequest) -> dict[str, str]:
    """The variables a worker starts with: ours, its thread counts, and what the request changes."""
    counts = dict.fromkeys(THREAD_COUNTS, str(request.config["threads"]))
    changed = {**os.environ, **counts, "PYTHONUNBUFFERED": "1", **request.environment}
    return {name: value for name, value in changed.items() if value is not None}


def _reason(status: int, last: str) -> str:
    if status < 0:
        name = signal.Signals(-status).name
        hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    if status == 0:
        return "its process recorded another run: the code or the corpus has changed since the start"
    return last or f"its process ended with status {status} and no record"
