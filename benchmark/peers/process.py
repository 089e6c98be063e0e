"""Running a program to its end: its wall-clock time, processor time, peak memory, and what it printed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from benchmark.errors import UserError
from benchmark.storage.temporary import TemporaryFolder

LAUNCHER = Path(__file__).with_name("launcher.py")
#: How many bytes are kept of the end of what a program prints.
TAIL = 20_000


@dataclass(frozen=True)
class ProcessUsage:
    """What a process used. `peak_bytes` is that of the largest among it and the processes it waited for.

    `status` is the exit status, negative for the signal that ended it. `output` and `errors` are the
    ends of what it printed.
    """

    status: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str
    errors: str

    @property
    def failure(self) -> str | None:
        """Why it failed, in one line, or None if it did not."""
        if self.status == 0:
            return None
        if self.status < 0:
            name = signal.Signals(-self.status).name
            hint = ": memory ran out, most likely" if name == "SIGKILL" else ""
            return f"ended by {name}{hint}{_last_words(self.errors, ' after: ')}"
        return f"exit status {self.status}{_last_words(self.errors or self.output, ': ')}"


def run_measured(
    command: Sequence[str],
    folder: Path,
    source: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> ProcessUsage:
    """Run a program in a folder, with standard input from `source` (or none), and measure it.

    `environment`: its variables (default: those of this process). Raises UserError if it cannot be started at
    all.
    """
    with TemporaryFolder.elsewhere("measured") as own:
        report = own / "report"
        with (
            (source or Path(os.devnull)).open("rb") as stdin,
            (own / "out").open("w+b") as stdout,
            (own / "err").open("w+b") as stderr,
        ):
            launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(report), *command]
            child = subprocess.Popen(
                launch,
                cwd=folder,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=environment,
                start_new_session=True,
            )
            try:
                child.wait()
            except BaseException:  # the program must not outlive its measurement
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                raise
            output, errors = _end_of(stdout), _end_of(stderr)
        if not report.exists():
            raise UserError(f"cannot start {command[0]}{_last_words(errors, ': ')}")
        status, seconds, cpu_seconds, peak = report.read_text(encoding="ascii").split()
    return ProcessUsage(int(status), float(seconds), float(cpu_seconds), int(peak), output, errors)


def _end_of(file: BinaryIO) -> str:
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - TAIL))
    return file.read().decode("utf-8", errors="replace")


def _last_words(text: str, before: str) -> str:
    """The last line of more than one word: programs like to end with just `ERROR`."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if " " in line] or lines
    return f"{before}{telling[-1][-200:]}" if telling else ""
