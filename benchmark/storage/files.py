"""Files and folders that are written completely or not at all, and locks on folders."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from benchmark.errors import UserError
from benchmark.storage.checksums import sealed
from benchmark.storage.exchange import put_in_place
from benchmark.storage.temporary import TemporaryFolder, temporary_file

#: The file in a folder that is locked while a process works there.
LOCK = ".lock"
#: What a program was given to write to: a file that this path names keeps what is in it.
STANDARD_OUTPUT = Path("/dev/stdout")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file completely or not at all (see `atomic_file`)."""
    with atomic_file(path) as file:
        file.write(data)


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to that takes the place of `path`, flushed and whole, if all goes well.

    A device or a pipe is written to directly. Raises UserError, which names the file, if it cannot be written
    (disk full, read-only).
    """
    try:
        if path == STANDARD_OUTPUT:
            with _standard_output() as file:
                yield file
            return
        if path.is_relative_to("/dev") or (path.exists() and not path.is_file()):
            with path.open("wb") as file:
                yield file
            return
        target = Path(os.path.realpath(path))  # a link stays a link
        with temporary_file(target) as (temporary, file):
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error


def _standard_output() -> IO[bytes]:
    """Standard output, behind what was printed. To open its path would empty a file."""
    sys.stdout.flush()
    return open(1, "wb", closefd=False)


def write_text(path: Path, text: str) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, text.encode())


def write_array(path: Path, array: np.ndarray) -> None:
    """`write_bytes` of an array in npy format."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """A JSON object with its checksum (see `storage.checksums`) and sorted keys, so that it diffs well; an
    infinite number becomes the string "inf"."""
    content = sealed(json_values(data))
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


@contextmanager
def locked(folder: Path, busy: Callable[[], None]) -> Iterator[None]:
    """Hold a folder for this process. If another process has it, call `busy` once and wait.

    The system frees the lock however the process ends. Raises UserError if the folder cannot be written.
    """
    while True:
        try:
            lock = _lock_file(folder)
        except OSError as error:
            raise UserError(f"cannot write to {folder}: {error.strerror or error}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                busy()
                fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_open(lock, folder / LOCK):  # no other folder has come in its place meanwhile
                yield
                return


def _lock_file(folder: Path) -> IO[str]:
    for _ in range(9):
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # the process that held the folder has just removed it
            return (folder / LOCK).open("a", encoding="utf-8")
    return (folder / LOCK).open("a", encoding="utf-8")


def _is_open(file: IO[Any], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def without_empty_folders(folder: Path) -> Iterator[None]:
    """Folders that the block makes on the way to `folder`, and leaves empty, are removed at its end."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        yield
    finally:
        for each in made:
            with suppress(OSError):  # something is in it
                each.rmdir()


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to write into. It takes the place of `folder` if all goes well, and is removed if not.

    Raises UserError if it cannot be written.
    """
    try:
        target = Path(os.path.realpath(folder))  # a link stays a link
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFolder.beside(target) as temporary:
            yield temporary
            put_in_place(temporary, target)
    except OSError as error:
        # For a full disk, NumPy says only how many bytes it could write.
        problem = error.strerror or f"{error}; is the disk full?"
        raise UserError(f"cannot write {folder}: {problem}") from error


def check_name(key: str, name: Any) -> None:
    """Refuse what cannot be the name of one folder or file everywhere.

    Raises UserError naming the setting `key` for anything but text, for a name of more than 100 bytes, and
    for one that is not made of letters, digits, '.', '_' and '-', or begins with '.' or '-'.
    """
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]*", name) or len(name.encode()) > 100:
        raise UserError(
            f"{key}={name!r} is not usable: it becomes the name of a folder; give up to 100 letters, digits, "
            "'.', '_' and '-', which do not begin with '.'"
        )


def check_inside(key: str, path: str) -> None:
    """Refuse a path that leads out of the folder that it is in. Raises UserError naming the setting `key`."""
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts or not path.isprintable():
        raise UserError(
            f"{key}={path!r} is not usable: give a path within the folder of the corpora (corpora_dir, or "
            "NEXTWORD_CORPORA), without '..' or '/' before it; the names of files may be whole paths"
        )


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
