"""Starting the command line as a process, finding its workers, waiting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmark.record.curve import read_curve


def curve_without_seconds(run: Path) -> list[dict[str, float]]:
    """The training curve of a run, without what depends on the clock; empty if it has none."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in read_curve(run)]


def start(
    arguments: list[str], folder: Path, environment: dict[str, str], *launcher: str
) -> subprocess.Popen[str]:
    """`nextword run` in a folder, perhaps behind another launcher's options; both outputs in one pipe."""
    return subprocess.Popen(
        [sys.executable, *launcher, "-m", "benchmark", "run", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def workers_of(process: int) -> list[int]:
    """The worker processes that a launcher has started, itself or through helpers (it starts others too,
    such as git)."""
    return [pid for pid in below(process) if b"benchmark.sweep.worker" in command_of(pid)]


def below(process: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    try:
        files = list(Path(f"/proc/{process}/task").glob("*/children"))
        started = [int(pid) for file in files for pid in file.read_text().split()]
    except OSError:
        return []
    return [*started, *(pid for child in started for pid in below(child))]


def parent_of(process: int) -> int:
    """The process that has started it."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def command_of(pid: int) -> bytes:
    """What it was started as."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
