"""A file that the launching process keeps locked while it lives, so that its helpers end when it does.

A library's worker processes may not notice that the process they work for was killed (`kill -9`). The
system releases a file lock however its holder ends, and waiting for the lock costs nothing.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.storage.temporary import TemporaryFolder

_watched: set[str] = set()


@contextmanager
def held_lease() -> Iterator[str]:
    """The path of a file that stays locked until the block, or this process, ends."""
    with TemporaryFolder.elsewhere("lease") as folder:
        path = folder / "lease"
        with path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield str(path)


def exit_with_lease(path: str) -> None:
    """End this process, and so the worker that it has started, as soon as the lease is released."""
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
