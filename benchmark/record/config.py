"""`config.yaml` of a run: the settings that it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.reading import Unreadable, read_yaml_object

FILE = "config.yaml"


def read_config(folder: Path) -> dict[str, Any]:
    """The settings in a run's folder, its `model` and its `corpus` among them, as plain data.

    Raises UserError where there is no such file, and Unreadable for a damaged one.
    """
    path = folder / FILE
    try:
        config = read_yaml_object(path)
    except FileNotFoundError:
        raise UserError(f"{folder} keeps no {FILE}, which would tell the settings of the run") from None
    for key in ("model", "corpus"):
        if not isinstance(config.get(key), dict):
            raise Unreadable(f"cannot read {path}: it does not tell the {key} of the run")
    return config
