"""Limits that a program sets for a while, in place of those of the environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Bytes that counting may take, and CPU cores; None: what the environment says.
_MEMORY: ContextVar[int | None] = ContextVar("memory", default=None)
_THREADS: ContextVar[int | None] = ContextVar("threads", default=None)


@contextmanager
def limited(memory: int | None, threads: int | None) -> Iterator[None]:
    """Within the block, `memory_budget` and `thread_count` give these, where they are not None."""
    before = _MEMORY.set(memory or _MEMORY.get()), _THREADS.set(threads or _THREADS.get())
    try:
        yield
    finally:
        _MEMORY.reset(before[0])
        _THREADS.reset(before[1])


def memory_limit() -> int | None:
    """The memory of the block that this is called in."""
    return _MEMORY.get()


def thread_limit() -> int | None:
    """The threads of the block that this is called in."""
    return _THREADS.get()
