"""The machine that measurements are made on, and the files of the programs that are measured."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from benchmark.environment import machine_memory
from benchmark.peers.record import Machine, ProgramFile
from benchmark.record.provenance import environment


def this_machine() -> Machine:
    """This machine, and how busy it is now."""
    return Machine(**environment(), memory_bytes=machine_memory(), busy_before=busy())


def busy(seconds: float = 1.0) -> float | None:
    """The share of all processor time that was used for some seconds; None if Linux does not tell."""
    try:
        before = _processor_times()
        time.sleep(seconds)
        spent = [after - was for after, was in zip(_processor_times(), before, strict=True)]
    except (OSError, ValueError):
        return None
    idle = spent[3] + spent[4]  # nothing to do, or waiting for a disk
    return round(1 - idle / sum(spent), 3) if sum(spent) else None


def _processor_times() -> list[int]:
    first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    return [int(ticks) for ticks in first.split()[1:9]]


def program_file(path: Path) -> ProgramFile:
    """A program's file and its hash. KenLM and MITLM do not print a version."""
    return ProgramFile(path.name, hashlib.sha256(path.read_bytes()).hexdigest()[:16])
