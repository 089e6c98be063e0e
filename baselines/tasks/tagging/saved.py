"""How taggers are kept: settings and names as JSON, numbers as npy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import UserError

_MODEL = "model.json"


def write_model(folder: Path, content: dict[str, Any]) -> None:
    """Write what a model holds beside its arrays."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / _MODEL).write_text(text + "\n", encoding="utf-8")


def read_model(folder: Path) -> dict[str, Any]:
    """What `write_model` wrote."""
    content = json.loads((folder / _MODEL).read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{_MODEL} holds no settings")
    return content


def write_rows(file: Path, rows: np.ndarray) -> None:
    """Write an array of whole numbers."""
    np.save(file, rows, allow_pickle=False)


def read_rows(file: Path, columns: int) -> np.ndarray:
    """The rows that `write_rows` wrote: int64 [rows, columns]. Raises ValueError for anything else."""
    rows = np.load(file, allow_pickle=False)
    if rows.dtype != np.int64 or rows.ndim != 2 or rows.shape[1] != columns or not len(rows):
        raise ValueError(f"{file.name} holds no rows of {columns} whole numbers")
    if rows.min() < 0:
        raise ValueError(f"{file.name} holds numbers below 0")
    return rows


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Raises UserError, with the reason, where the files in a folder are not those that a model wrote."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # whatever is made of files that are not those that were written
        problem = f"{type(error).__name__}: {error}".split("\n")[0]
        raise UserError(f"cannot read the model in {folder} ({problem}); train it again") from error
