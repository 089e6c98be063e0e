"""Files of saved classifiers: settings and learned numbers as JSON, arrays as npy. Nothing is pickled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from baselines.tasks.symbols import Symbols
from benchmark.errors import UserError
from benchmark.storage.reading import Unreadable, read_json_object

_MODEL = "model.json"
Built = TypeVar("Built")


def save_model(folder: Path, **content: Any) -> None:
    """Write settings and learned numbers."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    (folder / _MODEL).write_text(text + "\n", encoding="utf-8")


def load_model(folder: Path, *keys: str) -> list[Any]:
    """What `save_model` wrote under some keys, in their order. Raises Unreadable."""
    file = folder / _MODEL
    try:
        content = read_json_object(file)
    except FileNotFoundError:
        raise Unreadable(f"cannot read {file}: there is no such file") from None
    for key in keys:
        if key not in content:
            raise Unreadable(f"cannot read {file}: it has no {key!r}")
    return [content[key] for key in keys]


def rebuilt(build: Callable[[], Built], folder: Path) -> Built:
    """What `build` makes of files in `folder`. Whatever it raises becomes Unreadable, in one line."""
    try:
        return build()
    except UserError:
        raise
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise Unreadable(f"cannot read the model in {folder}: {reason}") from error


def load_array(file: Path, kind: type, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
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


def load_symbols(file: Path) -> Symbols:
    """The symbols that `Symbols.save` wrote. Raises Unreadable."""
    try:
        return Symbols.load(file)
    except (OSError, ValueError, TypeError) as error:
        raise Unreadable(f"cannot read {file}: {error}") from None
