"""Puts a folder in the place of another at once: whoever looks finds the old one or the new one."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

#: What Linux and macOS call the exchange of two paths.
_AT_FDCWD, _RENAME_EXCHANGE, _RENAME_SWAP = -100, 2, 2
_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
_PREVIOUS = re.compile(r"\.(.+)\.previous", re.DOTALL)


def put_in_place(new: Path, folder: Path) -> None:
    """Move a folder to where it belongs. What stood there is, if anything, where the new one was, or gone.

    Where the system or the file system cannot exchange two folders, there is a moment without either. A
    process that is killed then leaves the old one beside its place, and `put_back` returns it.

    Raises OSError.
    """
    if not folder.exists():
        new.rename(folder)
    elif not _exchanged(new, folder):
        previous = folder.with_name(f".{folder.name}.previous")
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder.rename(previous)
            new.rename(folder)
            shutil.rmtree(previous, ignore_errors=True)
        finally:
            os.close(lock)


def put_back(parent: Path) -> None:
    """Return the folders that killed processes had taken from their place, unless others stand there now."""
    for previous in parent.glob(".*.previous"):
        name = _PREVIOUS.fullmatch(previous.name)
        with suppress(OSError):
            lock = os.open(previous, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if name and (parent / name[1]).exists():
                    shutil.rmtree(previous, ignore_errors=True)
                elif name:
                    previous.rename(parent / name[1])
            finally:
                os.close(lock)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two paths; False if that is not possible here. Raises OSError if it fails."""
    system = ctypes.CDLL(None, use_errno=True)
    paths = os.fsencode(one), os.fsencode(other)
    if hasattr(system, "renameat2"):
        failed = system.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], ctypes.c_uint(_RENAME_EXCHANGE))
    elif hasattr(system, "renamex_np"):
        failed = system.renamex_np(*paths, ctypes.c_uint(_RENAME_SWAP))
    else:
        return False
    code = ctypes.get_errno()
    if failed and code not in _CANNOT:
        raise OSError(code, os.strerror(code), str(one))
    return not failed
