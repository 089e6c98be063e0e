"""A job in a process of its own: its own memory peak and thread count, and killed alone.

Every launcher ends here, on this machine or another, so that a run finds the same under each of them.
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

#: Exit status of a worker for something that the user must mend; nothing is recorded then.
MENDABLE = 2

#: Thread counts must be set before NumPy and torch are imported.
THREAD_COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

Process = subprocess.Popen  # its type parameter says bytes everywhere here


@dataclass(frozen=True)
class Order:
    """What a worker process is told; `environment` changes its variables (None removes one)."""

    config: dict[str, Any]
    command: str
    terminal: bool = False
    environment: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """How a worker process ended: exit status (negative: a signal's number) and why, in a line."""

    status: int
    reason: str


def run_isolated(order: Order, running: set[Process[bytes]] | None = None) -> End:
    """Run a job in a worker process; it prints onto our standard output, its errors onto our own.

    The process stands in `running` while it lasts, so that another thread can end it.
    """
    lines = spoken(order, running=running)
    while True:
        try:
            print(next(lines), file=sys.stderr, flush=True)
        except StopIteration as end:
            return end.value


def spoken(
    order: Order,
    *,
    captured: bool = False,
    cwd: str | None = None,
    running: set[Process[bytes]] | None = None,
) -> Generator[str, None, End]:
    """The lines of a worker's standard error as they come, and of its standard output where `captured`."""
    process = _started(order, captured, cwd)
    if running is not None:
        running.add(process)
    last = ""
    try:
        for line, is_error in _lines(process):
            if is_error and line.strip():
                last = line
            if not (is_error and line.startswith(ERROR_MARK)):  # its own last word is for the summary
                yield line
        status = process.wait()
    finally:
        _ended(process)
        if running is not None:
            running.discard(process)
    return End(status, _why(status, last.removeprefix(ERROR_MARK)))


def _started(order: Order, captured: bool, cwd: str | None) -> Process[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmark.sweep.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if captured else None,
        stderr=subprocess.PIPE,
        env=environment_of(order),
        cwd=cwd,
    )
    told = {"config": order.config, "command": order.command, "terminal": order.terminal}
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has died already; its status says how
        process.stdin.write(json.dumps(told).encode() + b"\n")
        process.stdin.flush()
    return process


def _lines(process: Process[bytes]) -> Generator[tuple[str, bool], None, None]:
    """Lines of both outputs as they come, and whether each is of standard error."""
    heard: SimpleQueue[tuple[bytes, bool] | None] = SimpleQueue()

    def listen(stream: IO[bytes], is_error: bool) -> None:
        for raw in stream:
            heard.put((raw, is_error))
        heard.put(None)

    streams = [(stream, stream is process.stderr) for stream in (process.stdout, process.stderr) if stream]
    for stream, is_error in streams:
        threading.Thread(target=listen, args=(stream, is_error), daemon=True).start()
    silent = 0
    while silent < len(streams):
        said = heard.get()
        if said is None:
            silent += 1
        else:
            yield said[0].decode(errors="replace").rstrip(), said[1]


def _ended(process: Process[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.wait()


def environment_of(order: Order) -> dict[str, str]:
    """The variables a worker starts with: ours, its thread counts, and what the order changes."""
    counts = dict.fromkeys(THREAD_COUNTS, str(order.config["threads"]))
    changed = {**os.environ, **counts, "PYTHONUNBUFFERED": "1", **order.environment}
    return {name: value for name, value in changed.items() if value is not None}


def _why(status: int, last: str) -> str:
    if status < 0:
        name = signal.Signals(-status).name
        hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    if status == 0:
        return "its process recorded another run: the code or the corpus is not what it was at the start"
    return last or f"its process ended with status {status} and no record"
