"""The configuration folder, and the settings of `conf/config.yaml` that belong to no group."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import benchmark
from benchmark.errors import UserError
from benchmark.files import check_name

#: What happens if a model refuses its settings; auto: skip in a sweep, error for a single run.
IMPOSSIBLE = ("auto", "skip", "error")


def conf_dir() -> Path:
    """The configuration folder: inside the installed package, or beside it in a checkout."""
    package = Path(benchmark.__file__).parent
    return package / "conf" if (package / "conf").is_dir() else package.parent / "conf"


def choices(group: str) -> list[str]:
    """The names in a configuration group: `model`, `corpus`, `sweep`, `train`, `launcher`."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def check_settings(config: Mapping[str, Any]) -> None:
    """Raises UserError for a top-level setting of the wrong type or range."""
    expected = {
        "seed": (int, "a whole number"),
        "threads": (int, "a whole number from 1"),
        "device": (str, "auto, cpu, cuda or cuda:N"),
        "force": (bool, "true or false"),
        "footprint": (bool, "true or false"),
        "results_dir": (str, "a folder"),
    }
    for key, (kind, meaning) in expected.items():
        value = config.get(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise UserError(f"{key}={value!r} is not usable: give {meaning}")
    for group in ("model", "corpus"):
        if isinstance(chosen := config.get(group), Mapping) and "name" in chosen:
            check_name(f"{group}.name", chosen["name"])
    if config["impossible"] not in IMPOSSIBLE:
        raise UserError(f"impossible={config['impossible']!r} is not usable: give {', '.join(IMPOSSIBLE)}")
    if config["threads"] < 1:
        raise UserError(f"threads={config['threads']} is not usable: give a whole number from 1")
    workers(config)


def workers(config: Mapping[str, Any]) -> int:
    """How many runs go on at the same time: the setting `workers`.

    `auto` is one for each core, divided by the threads of a run, and at least one for each GPU. Of the runs
    that use a GPU it starts one on each (`benchmark.sweep.capacity`).
    """
    value = config["workers"]
    if value == "auto":
        return max(1, usable_cores() // int(config["threads"]), len(visible_gpus()))
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UserError(f"workers={value!r} is not usable: give auto or a whole number from 1")
    return value


def visible_gpus(
    devices: Path = Path("/dev"), driver: Path = Path("/proc/driver/nvidia/gpus")
) -> tuple[str, ...]:
    """The GPUs that this process may use, named as in `CUDA_VISIBLE_DEVICES`, which is respected if set.

    They are found without importing torch, which would cost two seconds before anything runs.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        names = [name.strip() for name in named.split(",")]
        # CUDA ignores whatever follows an invalid name
        return tuple(takewhile(lambda name: name not in ("", "-1", "NoDevFiles"), names))
    nodes = [path for path in devices.glob("nvidia*") if path.name.removeprefix("nvidia").isdecimal()]
    return tuple(str(number) for number in range(len(nodes) or len(list(driver.glob("*")))))


def usable_cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
