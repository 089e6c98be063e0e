"""The machine: system, processor, memory, disk, and the programs that parts of nextword start."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import benchmark
from benchmark.doctor.part import Part
from benchmark.environment import machine_memory
from benchmark.record.provenance import commit, processor
from benchmark.settings import conf_dir, usable_cores

#: Less than this is too little to work with, in bytes.
LEAST = 1 << 30

#: What each program is for.
PROGRAMS = {
    "cc": "networks with torch.compile",
    "c++": "installing the package kenlm from source",
    "lmplz": "nextword peers, and model=kenlm with model.lmplz",
    "git": "the commit in records",
    "nvidia-smi": "looking at an NVIDIA GPU",
}


def program_itself() -> Part:
    """nextword and its Python."""
    return Part(
        {
            "version": benchmark.__version__,
            **commit(),
            "folder": str(Path(benchmark.__file__).parent),
            "configuration": str(conf_dir()),
            "python": platform.python_version(),
            "executable": sys.executable,
        },
        [] if sys.version_info >= (3, 11) else ["nextword needs Python 3.11 or later"],
    )


def hardware() -> Part:
    """System, processor and memory."""
    free = available_memory()
    part = Part(
        {
            "system": f"{platform.system()} {platform.release()}",
            "processor": processor(),
            "cores": os.cpu_count(),
            "usable_cores": usable_cores(),
            "memory_bytes": machine_memory(),
            "available_memory_bytes": free,
        }
    )
    if free is not None and free < LEAST:
        part.problems.append(
            f"only {free / 1e9:.1f} GB of memory are free: end other programs, or take workers=1"
        )
    return part


def available_memory() -> int | None:
    """What programs can still take, in bytes; None if the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None


def programs() -> Part:
    """Where each program is, and what it says of its version (null: it is not on the PATH)."""
    return Part({name: _found(name) for name in PROGRAMS})


def _found(name: str) -> dict[str, str | None] | None:
    path = shutil.which(name)
    if path is None:
        return None
    if name == "lmplz":  # it tells no version
        return {"path": path, "version": None}
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return {"path": path, "version": None}
    return {"path": path, "version": (done.stdout.strip().splitlines() or [""])[0] or None}


def place(title: str, folder: Path, option: str) -> Part:
    """A folder that is written to: the space that is left there, in bytes, and whether it can be written."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    part = Part({"folder": str(folder.absolute()), "exists": folder.exists(), "free_bytes": free})
    if not there.is_dir():
        part.problems.append(f"{title}: {there} is a file; name a folder ({option})")
    elif not os.access(there, os.W_OK | os.X_OK):
        part.problems.append(f"{title}: {there} cannot be written: name another folder ({option})")
    if free < LEAST:
        part.problems.append(
            f"{title}: only {free / 1e9:.1f} GB are left in {there}: make room, or name another ({option})"
        )
    return part
