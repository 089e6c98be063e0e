"""Processes of this machine that are forked from one which has imported what they need.

Importing torch costs a new process seconds. Here a template process (`benchmark.sweep.template`) does so
once, and each run is a fork of it, with its own memory, streams and exit status.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import IO

from benchmark.console.signals import hidden_from_children
from benchmark.errors import UserError
from benchmark.sweep.capacity import Capacity, requested_gpu
from benchmark.sweep.launchers.processes import Processes, run_in_workers
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcomes, PlannedRun
from benchmark.sweep.subprocess_run import (
    OutputLine,
    WorkerProcess,
    WorkerRequest,
    start_python,
    worker_environment,
)
from benchmark.sweep.template import FORKED
from benchmark.trust import check_trusted, targets_in

#: What is said of a template that ended without an answer.
GONE = "the process that it was to be forked from has ended"


@dataclass(frozen=True)
class Forked(Processes):
    """One process for each job, forked from a template of its kind; what cannot be forked is a new Python."""

    def run(self, runs: Sequence[PlannedRun], capacity: Capacity, monitor: Monitor) -> Outcomes:
        if sys.platform != "linux":
            raise UserError(
                "launcher=forked needs Linux: elsewhere a fork of a process that has imported torch may "
                "fail; take launcher=processes"
            )
        with closing(Templates(runs, capacity, monitor)) as templates:
            yield from run_in_workers(runs, capacity, monitor, templates.start, templates.stop)


@dataclass(frozen=True)
class Kind:
    """What runs have in common that can be forked from one template: the packages that their models come
    from, and the environment, which libraries read when they are imported."""

    packages: frozenset[str]
    environment: frozenset[tuple[str, str]]


class Templates:
    """The templates of a sweep, each started with the first run of its kind."""

    def __init__(self, runs: Sequence[PlannedRun], capacity: Capacity, monitor: Monitor) -> None:
        self._capacity, self._monitor = capacity, monitor
        self._lock = threading.Lock()
        self._started: dict[Kind, Template] = {}
        self._told: set[Kind] = set()
        self._stopped = False
        alike: defaultdict[Kind, list[PlannedRun]] = defaultdict(list)
        for run in runs:
            if self._may_be_forked(run):
                alike[kind_of(run, run.request())].append(run)
        #: What the templates import. One run alone gains nothing from a template.
        self._modules = {
            kind: sorted({module for run in those for module in modules_of(run)})
            for kind, those in alike.items()
            if len(those) > 1
        }

    def start(self, run: PlannedRun, request: WorkerRequest) -> WorkerProcess:
        """The process of a run: forked if that can be, otherwise a new Python."""
        kind = kind_of(run, request)
        if kind in self._modules and self._may_be_forked(run):
            with self._lock:
                if kind not in self._started:
                    self._started[kind] = Template(self._modules[kind], dict(kind.environment))
            worker = self._started[kind].fork()
            if not isinstance(worker, str):
                return worker
            self._tell(kind, run, worker)
        return start_python(request)

    def stop(self) -> None:
        """Have all templates end, and with them the workers that they have forked."""
        with self._lock:
            self._stopped = True
            for template in self._started.values():
                template.stop()

    def close(self) -> None:
        """End all templates."""
        self.stop()
        for template in self._started.values():
            template.close()

    def _may_be_forked(self, run: PlannedRun) -> bool:
        """Whether it needs nothing that a fork cannot have: a GPU, since CUDA may be initialised only after a
        fork, and the threads that NumPy starts when it is imported."""
        config = run.job.config
        on_gpu = self._capacity.gpus and requested_gpu(config["model"])
        return config["threads"] == 1 and not on_gpu

    def _tell(self, kind: Kind, run: PlannedRun, obstacle: str) -> None:
        """Say once why runs of this kind are not forked."""
        with self._lock:
            told = kind in self._told
            self._told.add(kind)
        if not told and not self._stopped:
            line = f"{run.job.title}: a new process, as for all like it from now on: {obstacle}"
            self._monitor.output(run, OutputLine(line, is_error=True))


def kind_of(run: PlannedRun, request: WorkerRequest) -> Kind:
    """What a run has in common with others that can be forked from the same template."""
    packages = frozenset(module.rpartition(".")[0] or module for module in modules_of(run))
    return Kind(packages, frozenset(worker_environment(request).items()))


def modules_of(run: PlannedRun) -> set[str]:
    """The modules that the classes of a run's model come from, of packages that may be imported anyway.

    What is not trusted (`benchmark.trust`) is left to the run itself.
    """
    modules = set()
    for target in targets_in(run.job.config["model"]):
        try:
            modules.add(check_trusted(target).rpartition(".")[0])
        except UserError:
            continue
    return modules


class Template:
    """A process of `benchmark.sweep.template`, at work as soon as it has imported these modules."""

    def __init__(self, modules: Sequence[str], environment: dict[str, str]) -> None:
        self._control, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as written, hidden_from_children():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmark.sweep.template", *modules],
                stdin=theirs.fileno(),
                stdout=written,
                stderr=written,
                env=environment,
            )

    def fork(self) -> ForkedProcess | str:
        """A worker that waits for its job, or why there is none. Waits until the modules are imported."""
        line, their_line = socket.socketpair()
        their_stdin, stdin = os.pipe()
        stdout, their_stdout = os.pipe()
        stderr, their_stderr = os.pipe()
        process = ForkedProcess(
            line, os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb"), os.fdopen(stderr, "rb")
        )
        theirs = [their_stdin, their_stdout, their_stderr, their_line.detach()]
        try:
            with suppress(OSError):  # it has ended: then nobody answers
                socket.send_fds(self._control, [b"+"], theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        answer = process.answer()
        if answer == FORKED:
            return process
        process.close()
        return answer or GONE

    def stop(self) -> None:
        """Have the process and its workers end; without effect if they have."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Wait until it has ended."""
        self.stop()
        self._process.wait()
        self._control.close()


class ForkedProcess:
    """A worker that a template has forked: its standard streams, and the line on which its end is told."""

    def __init__(self, line: socket.socket, stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes]) -> None:
        self._line, self._answers = line, line.makefile("r", encoding="utf-8")
        self.stdin: IO[bytes] | None = stdin
        self.stdout: IO[bytes] | None = stdout
        self.stderr: IO[bytes] | None = stderr
        self._status: int | None = None
        self._ended = False

    def answer(self) -> str:
        """What the template says next; empty if it has ended."""
        return self._answers.readline().rstrip("\n")

    def poll(self) -> int | None:
        """Its exit status; None while it runs, and if its template has ended before it."""
        if not self._ended and select.select([self._line], [], [], 0)[0]:
            self.wait()
        return self._status

    def wait(self) -> int | None:
        """Its exit status, once it has ended; None if its template has ended before it."""
        if not self._ended:
            status = self.answer()
            self._status, self._ended = int(status) if status else None, True
        return self._status

    def kill(self) -> None:
        """Have the template kill it."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Give up its streams, as those of a worker that there is not."""
        for stream in (self.stdin, self.stdout, self.stderr, self._answers, self._line):
            if stream is not None:
                stream.close()
