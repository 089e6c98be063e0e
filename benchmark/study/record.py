"""What a study measured, as a file. The verdict is not in it: it follows from these numbers by the rules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.record.folder import RunRecord
from benchmark.storage.files import write_json
from benchmark.storage.reading import or_empty, read_json_object

#: What a study measured, as JSON holds it: numbers, text, and lists and objects of them.
Data = dict[str, Any]

FOLDER = "measured"
#: Counts what changes the numbers of every study.
VERSION = 1


def basis_of(version: int, settings: Mapping[str, Any], runs: Sequence[RunRecord]) -> str:
    """A digest of what a study's numbers rest on: its module's version, its settings, and its runs.

    A run that was repeated is another one.
    """
    ids = [[run.folder.name, run.result.started] for run in runs]
    content = json.dumps([VERSION, version, dict(settings), ids], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def read_data(results_dir: Path, name: str, basis: str) -> Data | None:
    """What was measured on this basis; None if nothing was yet."""
    kept = or_empty(lambda: read_json_object(_path(results_dir, name)))
    data = kept.get("data")
    return _numbers(data) if kept.get("basis") == basis and isinstance(data, dict) else None


def write_data(results_dir: Path, name: str, basis: str, data: Data) -> Data:
    """Keep what was measured. Returns it as it will be read: keys are text, and tuples are lists."""
    path = _path(results_dir, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"basis": basis, "data": data})
    read: Data = _numbers(read_json_object(path)["data"])
    return read


def _path(results_dir: Path, name: str) -> Path:
    return results_dir / FOLDER / f"{name}.json"


def _numbers(value: Any) -> Any:
    """Plain data, with infinite numbers in place of the text that stands for them in JSON."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return float(value) if value in ("inf", "-inf") else value
