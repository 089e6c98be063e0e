"""The settings of `conf/config.yaml` outside its groups, and where the configuration lies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import benchmark
from benchmark.errors import UserError


def conf_dir() -> Path:
    """The configuration folder: inside the installed package, or beside it in a checkout."""
    package = Path(benchmark.__file__).parent
    return package / "conf" if (package / "conf").is_dir() else package.parent / "conf"


def choices(group: str) -> list[str]:
    """Names that a config group offers: `model`, `corpus`, `sweep`, `train`."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def check_settings(config: Mapping[str, Any]) -> None:
    """Raises UserError for a top-level setting of the wrong type or range."""
    expected = {
        "seed": (int, "a whole number"),
        "threads": (int, "a whole number from 1"),
        "device": (str, "auto, cpu, cuda or cuda:N"),
        "force": (bool, "true or false"),
        "results_dir": (str, "a folder"),
    }
    for key, (kind, meaning) in expected.items():
        value = config.get(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise UserError(f"{key}={value!r} is not usable: give {meaning}")
    if config["threads"] < 1:
        raise UserError(f"threads={config['threads']} is not usable: give a whole number from 1")
    workers(config)


def workers(config: Mapping[str, Any]) -> int:
    """How many runs at once: the setting, or one a core over the threads of each (one on a GPU)."""
    value = config["workers"]
    if value == "auto":
        if config["device"] != "cpu" and _gpu_present():
            return 1
        return max(1, _cores() // int(config["threads"]))
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UserError(f"workers={value!r} is not usable: give auto or a whole number from 1")
    return value


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpu_present() -> bool:
    # Asking torch would cost two seconds of import before anything runs.
    return Path("/proc/driver/nvidia/gpus").exists() and os.environ.get("CUDA_VISIBLE_DEVICES", "0") != ""
