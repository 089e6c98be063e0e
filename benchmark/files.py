"""Files and folders that are written completely or not at all, and locks on folders."""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import UserError


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file completely or not at all: to a temporary file that is flushed and then renamed.

    Raises UserError, which names the file, if it cannot be written (disk full, read-only).
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, text.encode())


def write_array(path: Path, array: np.ndarray) -> None:
    """`write_bytes` of an array in npy format."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def write_json(path: Path, data: Any) -> None:
    """JSON with sorted keys that diffs well; an infinite number becomes the string "inf"."""
    text = json.dumps(json_values(data), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


@contextmanager
def locked(folder: Path, busy: Callable[[], None]) -> Iterator[None]:
    """Hold a folder for this process. If another process has it, call `busy` once and wait.

    The system frees the lock however the process ends. Raises UserError if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to write into. It is renamed to `folder` if all goes well, and removed if not.

    Raises UserError if it cannot be written.
    """
    temporary = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    except OSError as error:
        # For a full disk, NumPy says only how many bytes it could write.
        problem = error.strerror or f"{error}; is the disk full?"
        raise UserError(f"cannot write {folder}: {problem}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def files_below(folder: Path) -> list[Path]:
    """The files below a folder, in the order of their paths."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def bytes_below(folder: Path) -> int:
    """Total size of the files below a folder."""
    return sum(path.stat().st_size for path in files_below(folder))


def json_values(value: Any) -> Any:
    """A value as JSON can hold it: an infinite number becomes the string "inf" or "-inf"."""
    if isinstance(value, dict):
        return {key: json_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_values(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return value
