"""A file that the launching process holds while it lives, so that its helpers can end with it.

A library's worker processes need not notice that the process they work for was killed (`kill -9`). A lock
on a file is let go by the system however its holder ends, and waiting for it costs nothing.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_watched: set[str] = set()


@contextmanager
def lease() -> Iterator[str]:
    """The path of a file that is locked until the block, or this process, ends."""
    with tempfile.TemporaryDirectory(prefix="nextword-") as folder:
        path = Path(folder) / "lease"
        with path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield str(path)


def end_with(path: str) -> None:
    """End this process, and so the worker process it has started, as soon as a lease does."""
    if path not in _watched:
        _watched.add(path)
        threading.Thread(target=_wait_and_end, args=(path,), daemon=True).start()


def _wait_and_end(path: str) -> None:
    try:
        with Path(path).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
    except FileNotFoundError:
        pass  # it has ended already
    os._exit(1)
