"""Killing copies of this process at chosen changes of files: cheaper, and surer, than at moments in time."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: What counts as a change, and what a process may be killed before.
CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "shutil.rmtree", "open")

NEVER = -1


def killed_before(change: int, action: Callable[[], object], below: Path) -> bool:
    """Do something in a copy of this process that is killed before it changes a file for the n-th time.

    False if it ended before that; it must then have succeeded.
    """
    child = os.fork()
    if child == 0:
        _count_changes(below, change)
        _do(action)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def changes_of(action: Callable[[], object], below: Path) -> int:
    """Do something in a copy of this process; how many files it changed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        seen = _count_changes(below, NEVER)
        _do(lambda: (action(), os.write(write, str(len(seen)).encode())))
    os.close(write)
    with os.fdopen(read) as told:
        number = told.read()
    _, status = os.waitpid(child, 0)
    assert status == 0
    return int(number)


def _count_changes(below: Path, last: int) -> list[str]:
    """The changes that this process makes from now on; before the last, it is killed."""
    seen: list[str] = []

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGES or not str(arguments[0]).startswith(str(below)):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        seen.append(event)
        if len(seen) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    return seen


def _do(action: Callable[[], object]) -> None:
    status = 1
    try:
        action()
        status = 0
    finally:
        os._exit(status)
