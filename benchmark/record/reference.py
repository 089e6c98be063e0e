"""Settings that name finished runs: a model's key `run`.

A person types what `nextword show` accepts; the configuration then holds the run's folder, and the
identity of the new run rests on that run's id, wherever its folder lies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.record.folder import read_result
from benchmark.storage.reading import or_warn, read_yaml

#: The key of a model's settings whose value is a finished run.
REFERENCE = "run"


def with_folders(settings: Any, folder_of: Callable[[str], str]) -> Any:
    """Settings in which every `run` that names a finished run has become that run's folder, which
    `folder_of` finds by what a person calls it."""
    if not isinstance(settings, Mapping):
        return settings
    return {
        key: folder_of(value)
        if key == REFERENCE and isinstance(value, str)
        else with_folders(value, folder_of)
        for key, value in settings.items()
    }


def with_ids_as_text(argument: str) -> str:
    """A command line's `….run=ID,…` with quotes: to Hydra 0123 is a number, and 32e40 a large one."""
    key, _, value = argument.partition("=")
    if key.rpartition(".")[2] != REFERENCE or not re.fullmatch(r"[0-9a-f]+(,[0-9a-f]+)*", value):
        return argument
    return f"{key}=" + ",".join(f"'{name}'" for name in value.split(","))


def referenced_id(folder: str) -> str:
    """The run id in the record of a finished run. Raises UserError where the folder holds none."""
    result = read_result(Path(folder))
    if result is None:
        raise UserError(f"{folder} holds no finished run; `nextword status` lists them")
    return result.run_id


def referenced_settings(folder: str) -> Iterator[Mapping[str, Any]]:
    """The model settings of a finished run, if its configuration is kept."""
    path = Path(folder) / "config.yaml"
    if path.is_file():
        model = _model_settings(path, path.stat().st_mtime_ns)
        if isinstance(model, dict):
            yield model


@lru_cache  # every run of a sweep may build upon the same one
def _model_settings(path: Path, _changed: int) -> Any:
    config = or_warn(lambda: read_yaml(path), None)
    return config.get("model") if isinstance(config, dict) else None
