"""Temporary files and folders of which a later start can tell whether they are still in use.

Each has a name of its own, and its process holds a lock on it. The system frees the lock however the process
ends. So what has such a name and no lock was left by a process that was killed. `remove_abandoned` removes
it, and whoever makes something temporary in a folder does so first.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

#: How the names in the system's folder for temporary files begin; elsewhere they begin with a dot.
_PROGRAM = "nextword-"
_NAME = re.compile(rf"(\.|{_PROGRAM}).+\.[0-9a-f]{{16}}\.tmp", re.DOTALL)


class TemporaryFolder:
    """A new, empty folder, which is removed when the object is closed or no longer used.

    `path`: where it is. `lock`: the descriptor that holds it; a program that is given it (`pass_fds`) holds
    the folder as well, should this process be killed. Raises OSError if it cannot be made.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path, self.lock = path, lock
        self._remove = weakref.finalize(self, _remove_folder, path, lock, os.getpid())

    @classmethod
    def beside(cls, path: Path) -> TemporaryFolder:
        """One beside a file or folder, on the same disk."""
        return cls(*_locked_folder(path.parent, f".{path.name[:40]}"))

    @classmethod
    def elsewhere(cls, purpose: str, parent: Path | None = None) -> TemporaryFolder:
        """One for some purpose, a word, in `parent` or in the system's folder for temporary files."""
        return cls(*_locked_folder(parent or system_folder(), f"{_PROGRAM}{purpose}"))

    def close(self) -> None:
        """Remove it, if it is still there."""
        self._remove()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def temporary_file(beside: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """The path of a new file on the same disk, and the file, open for writing.

    It is removed at the end unless it was renamed. Raises OSError if it cannot be made.
    """
    while True:
        path = _new_path(beside.parent, f".{beside.name[:40]}")
        with path.open("xb") as file:
            if not _lock(file.fileno(), path):
                continue
            try:
                yield path, file
            finally:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            return


def remove_abandoned(folder: Path, depth: int = 0) -> None:
    """Remove what killed processes left in a folder, and in the folders below it, down to `depth`.

    What a process still uses stays, as does whatever cannot be removed.
    """
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        with suppress(OSError):
            if _NAME.fullmatch(entry.name):
                _remove_unless_used(Path(entry.path))
            elif depth and entry.is_dir(follow_symlinks=False):
                remove_abandoned(Path(entry.path), depth - 1)


def discard(folder: Path) -> None:
    """Remove a folder, if there is one. A kill meanwhile leaves nothing that could be taken for it."""
    path = folder.with_name(f".{folder.name[:40]}.{uuid4().hex[:16]}.tmp")
    with suppress(FileNotFoundError):
        folder.rename(path)
        shutil.rmtree(path, ignore_errors=True)


def system_folder() -> Path:
    """The system's folder for temporary files."""
    return Path(tempfile.gettempdir())


def _new_path(parent: Path, name: str) -> Path:
    remove_abandoned(parent)
    return parent / f"{name}.{uuid4().hex[:16]}.tmp"


def _locked_folder(parent: Path, name: str) -> tuple[Path, int]:
    while True:
        path = _new_path(parent, name)
        path.mkdir(mode=0o700 if name.startswith(_PROGRAM) else 0o777)
        with suppress(FileNotFoundError):  # swept up before it could be locked
            lock = os.open(path, os.O_RDONLY)
            if _lock(lock, path):
                return path, lock
            os.close(lock)


def _lock(handle: int, path: Path) -> bool:
    """Lock a new file or folder; False if it was taken for an abandoned one in between, and removed."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # a file system without locks; there nothing is ever swept up
        return True
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _remove_folder(path: Path, lock: int, owner: int) -> None:
    if os.getpid() == owner:  # and not a copy of that process
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _remove_unless_used(path: Path) -> None:
    """Raises OSError if a process uses it, or if it cannot be removed."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    finally:
        os.close(handle)
