"""How models of tasks are kept: what they hold as JSON, arrays as npy. Nothing is pickled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import UserError
from benchmark.storage.reading import Unreadable, read_json_object

_MODEL = "model.json"


def write_model(folder: Path, content: Mapping[str, Any]) -> None:
    """Write what a model holds beside its arrays: its settings, and what it has learned that is plain."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    (folder / _MODEL).write_text(text + "\n", encoding="utf-8")


def read_model(folder: Path) -> dict[str, Any]:
    """What `write_model` wrote. Raises Unreadable, or FileNotFoundError."""
    return read_json_object(folder / _MODEL)


def read_array(file: Path, kind: type, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
    """An array of numbers of this kind; None in `shape` is any length. Raises Unreadable."""
    try:
        array = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise Unreadable(f"cannot read {file}: {str(error).splitlines()[0]}") from None
    if not isinstance(array, np.ndarray) or array.dtype != kind:
        raise Unreadable(f"cannot read {file}: it holds no array of {np.dtype(kind)}")
    fits = shape is None or (
        array.ndim == len(shape)
        and all(wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True))
    )
    if not fits:
        raise Unreadable(f"cannot read {file}: its shape is {array.shape}, which does not fit the model")
    return array


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Raises Unreadable, with the reason, where the files in a folder are not those that a model wrote."""
    try:
        yield
    except Exception as error:  # whatever is made of files that are not those that were written
        if isinstance(error, UserError) and not isinstance(error, Unreadable):
            raise
        name = "" if isinstance(error, Unreadable) else f"{type(error).__name__}: "
        problem = f"{name}{error}".split("\n")[0]
        raise Unreadable(f"cannot read the model in {folder} ({problem}); train it again") from error
