"""The configuration folder, and the settings of `conf/config.yaml` that belong to no group."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from types import UnionType
from typing import Any

import benchmark
from benchmark.environment import user_path
from benchmark.errors import UserError
from benchmark.own_folder import own_folder
from benchmark.storage.files import check_name

#: What happens if a model refuses its settings; auto: skip in a sweep, error for a single run.
IMPOSSIBLE = ("auto", "skip", "error")

#: The programs that runs can tell of themselves (`benchmark.loggers`), each called like the package it needs.
LOGGERS = ("tensorboard", "mlflow", "wandb")

#: Settings that name a file of the group of the same name.
NAMED = ("model", "corpus", "launcher")

#: More threads than any machine has cores, and a seed that no library takes.
MOST_THREADS, SEEDS = 4096, 2**63


@dataclass(frozen=True)
class Setting:
    """A setting of `conf/config.yaml`: its types, what it means, and what more its value must be."""

    kind: type | UnionType
    meaning: str
    fits: Callable[[Any], bool] = lambda value: True

    def takes(self, value: Any) -> bool:
        """Whether a value can be used."""
        flag = isinstance(value, bool)  # which Python counts as a whole number
        return isinstance(value, self.kind) and (not flag or self.kind is bool) and self.fits(value)


#: Those of a value of their own.
SETTINGS = {
    "seed": Setting(int, f"a whole number from 0 to {SEEDS - 1}", lambda seed: 0 <= seed < SEEDS),
    "device": Setting(
        str,
        "auto, cpu, cuda or cuda:N",
        lambda device: re.fullmatch(r"auto|cpu|cuda(:\d+)?", device) is not None,
    ),
    "threads": Setting(
        int, f"a whole number from 1 to {MOST_THREADS}", lambda threads: 1 <= threads <= MOST_THREADS
    ),
    "workers": Setting(int | str, "auto or a whole number from 1"),
    "force": Setting(bool, "true or false"),
    "footprint": Setting(bool, "true or false"),
    "impossible": Setting(str, "auto, skip or error", lambda said: said in IMPOSSIBLE),
    "allow": Setting(list | str, "names of packages, as in [mine]"),
    "loggers": Setting(
        list,
        f"a list of {', '.join(LOGGERS)}, as in [tensorboard]",
        lambda names: all(isinstance(name, str) and name in LOGGERS for name in names),
    ),
    "results_dir": Setting(str, "a folder", bool),
    "corpora_dir": Setting(str | None, "a folder, or null"),
    "cache_dir": Setting(str | None, "a folder, or null"),
}


def conf_dir() -> Path:
    """The configuration folder: inside the installed package, or beside it in a checkout."""
    package = Path(benchmark.__file__).parent
    return package / "conf" if (package / "conf").is_dir() else package.parent / "conf"


def conf_dirs() -> list[Path]:
    """The folders that configuration files are read from: ours, then the user's own, if one is named. Of two
    files with one name, the first counts, as in Hydra."""
    own = own_folder()
    return [conf_dir()] if own is None else [conf_dir(), own]


def conf_files(group: str) -> dict[str, Path]:
    """The files of a configuration group (`model`, `corpus`, `sweep`, `train`, `launcher`) by name."""
    found = {path.stem: path for folder in reversed(conf_dirs()) for path in (folder / group).glob("*.yaml")}
    return dict(sorted(found.items()))


def choices(group: str) -> list[str]:
    """The names in a configuration group."""
    return list(conf_files(group))


def check_settings(config: Mapping[str, Any]) -> None:
    """Raises UserError for a setting of `conf/config.yaml` that is missing, or of the wrong type or range."""
    for key, setting in SETTINGS.items():
        if key not in config:
            raise UserError(f"{key} is missing: a run needs {setting.meaning}; leave ~{key} out")
        if not setting.takes(config[key]):
            raise UserError(f"{_shown(key, config[key])} is not usable: give {setting.meaning}")
    for key in NAMED:
        if not isinstance(config.get(key), Mapping):
            raise UserError(f"{key} is missing: a run needs one; give {key}=NAME in place of ~{key}")
        check_name(f"{key}.name", config[key].get("name"))
        for part in ("label", "title"):
            given = config[key].get(part)
            if not isinstance(given, str | None):
                raise UserError(f"{_shown(f'{key}.{part}', given)} is not usable: give text")
    _check_folders(config)
    workers(config)


def _shown(key: str, value: Any) -> str:
    """A setting as it would be typed."""
    words = {True: "true", False: "false", None: "null"}
    return f"{key}={words[value]}" if value is None or isinstance(value, bool) else f"{key}={value!r}"


def _check_folders(config: Mapping[str, Any]) -> None:
    for key in ("results_dir", "cache_dir"):
        path = user_path(config[key]) if config[key] else None
        if path is not None and path.exists() and not path.is_dir():
            raise UserError(f"{key}={config[key]}: cannot write to {path}, which is a file; name a folder")
    corpora = config["corpora_dir"]
    if corpora and not user_path(corpora).is_dir():
        raise UserError(f"corpora_dir={corpora} is not usable: there is no such folder")


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
