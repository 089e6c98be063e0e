"""What the measurements were made on, as far as a reader needs it."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import time
from pathlib import Path
from typing import Any

from benchmark.record.provenance import environment


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system, versions, commit, and how busy it was."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {**environment(), "memory_bytes": memory, "busy_before": busy()}


def busy(seconds: float = 1.0) -> float | None:
    """The share of all processor time that others took during a moment; None where Linux does not say."""
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


def identity(program: str) -> dict[str, str]:
    """A program's name and the hash of its file: KenLM's and MITLM's tell no version."""
    path = Path(shutil.which(program) or program).resolve()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"program": Path(program).name, "sha256": digest[:16]}


def described(machine: dict[str, Any]) -> str:
    """One line: `AMD EPYC 7B13, 2 cores, 25.2 GB, Linux 6.1.0, Python 3.11.7, numpy 2.1`."""
    from benchmark.text import size

    packages = machine.get("packages") or {}
    commit = f" ({str(machine['commit'])[:10]})" if machine.get("commit") else ""
    parts = [
        machine.get("processor") or platform.machine(),
        f"{machine.get('cores')} cores",
        size(machine.get("memory_bytes")),
        machine.get("system"),
        f"Python {machine.get('python')}",
        f"numpy {packages.get('numpy', 'unknown')}",
        f"nextword {machine.get('version')}{commit}",
    ]
    return ", ".join(str(part) for part in parts if part)
