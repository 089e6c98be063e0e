"""Passes the output of a worker on through a file, for launchers whose helper process has no other way."""

from __future__ import annotations

from pathlib import Path

from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import PlannedRun
from benchmark.sweep.subprocess_run import OutputLine, WorkerExit, WorkerRequest, run_in_subprocess


def run_into_file(request: WorkerRequest, path: Path) -> WorkerExit:
    """Run a job in a worker process, in a launcher's helper process; appends its output to a file."""
    with path.open("a", encoding="utf-8") as file:

        def write(line: OutputLine) -> None:
            print(line.text, file=file, flush=True)

        return run_in_subprocess(request, write)


class LineFile:
    """Reads a file that another process is appending lines to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0

    def pass_on(self, run: PlannedRun, monitor: Monitor) -> None:
        """Give the monitor the complete lines that are new since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                whole, newline, _ = file.read().rpartition(b"\n")
        except OSError:  # it does not exist yet
            return
        self._read += len(whole) + len(newline)
        if newline:
            for line in whole.decode(errors="replace").split("\n"):
                if not line.startswith("submitit "):  # submitit's own messages
                    monitor.output(run, OutputLine(line))
