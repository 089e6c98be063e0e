"""A command that is killed, with all that it has started, at its time limit or with this process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.errors import ERROR_MARK

SUPERVISOR = Path(__file__).with_name("supervisor.py")
#: The supervisor's exit status for a command that it stopped.
STOPPED = 124
#: Seconds that an interrupted command has to record what it has.
GRACE = 5.0


@dataclass(frozen=True)
class Command:
    """A command line, the folder it runs in (None: the present one), and variables that it gets besides."""

    arguments: Sequence[str]
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a command ended. `stopped`: its time was up. `output`: both of its outputs together."""

    status: int
    seconds: float
    output: str

    @property
    def stopped(self) -> bool:
        return self.status == STOPPED

    @property
    def last_line(self) -> str:
        """The last line with a word on it: a program's complaint, as a rule."""
        lines = [" ".join(line.split()) for line in self.output.splitlines() if line.strip()]
        return lines[-1].removeprefix(ERROR_MARK) if lines else f"exit status {self.status}, and no output"


def run_limited(command: Command, limit: float, log: Path) -> Ended:
    """Run a command for at most `limit` seconds, including the grace period; its output goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    grace = min(GRACE, limit / 4)
    launch = [sys.executable, "-I", "-S", str(SUPERVISOR), str(limit - grace), str(grace)]
    begun = time.monotonic()
    with log.open("w+b") as output:
        supervisor = subprocess.Popen(
            [*launch, *command.arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=command.folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **command.environment},
            start_new_session=True,
        )
        assert supervisor.stdin is not None
        try:
            status = supervisor.wait()
        finally:
            supervisor.stdin.close()  # if we were interrupted, it stops the command now
            supervisor.wait()
        output.seek(0)
        written = output.read().decode("utf-8", errors="replace")
    return Ended(status, time.monotonic() - begun, written)
