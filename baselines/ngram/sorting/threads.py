"""Threads for array work: NumPy releases the interpreter lock while it computes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, Protocol, TypeVar

from baselines.ngram.sorting.limits import thread_limit

Item = TypeVar("Item")
Result = TypeVar("Result")
Given = TypeVar("Given", covariant=True)

_BLOCK = 1 << 20


def thread_count() -> int:
    """How many cores to use: what a `limited` block says, or OMP_NUM_THREADS, as for torch and BLAS (the
    harness sets it), by default one for each usable core."""
    if limit := thread_limit():
        return limit
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdigit() and int(said) else len(os.sched_getaffinity(0))


class Work(Protocol[Given]):
    """Work that was submitted: a `Future`, or done already."""

    def result(self) -> Given:
        """What it returned, once it has. Raises what it raised."""


class Pool(Protocol):
    """Who does work: an executor of `concurrent.futures`, or this thread alone."""

    def submit(self, work: Callable[..., Result], /, *items: Any) -> Work[Result]:
        """Begin `work(*items)`."""

    def map(self, work: Callable[..., Result], /, *items: Iterable[Any]) -> Iterator[Result]:
        """The results of `work`, in the order of `items`."""


def thread_pool(threads: int) -> AbstractContextManager[Pool]:
    """So many threads; when the block ends, their work is done. With one, this thread does the work, each as
    it is submitted: that needs no `concurrent.futures`, whose import takes longer than a short text."""
    if threads == 1:
        return nullcontext(_ThisThread())
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(threads)


class _ThisThread:
    def submit(self, work: Callable[..., Result], /, *items: Any) -> Work[Result]:
        return _Done(work, items)

    def map(self, work: Callable[..., Result], /, *items: Iterable[Any]) -> Iterator[Result]:
        return map(work, *items)


class _Done(Generic[Result]):
    def __init__(self, work: Callable[..., Result], items: tuple[Any, ...]) -> None:
        self._error: Exception | None = None
        try:
            self._result = work(*items)
        except Exception as error:  # for whoever asks for the result, as with threads
            self._error = error

    def result(self) -> Result:
        if self._error:
            raise self._error
        return self._result


def in_order(
    pool: Pool, work: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[Result]:
    """The results of `work` in the order of `items`; at most `ahead` are started before they are taken."""
    waiting: deque[Work[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def in_blocks(pool: Pool, work: Callable[[slice], object], length: int, block: int = _BLOCK) -> None:
    """Call `work` on every slice of `block` indices below `length`, in any order."""
    for _ in pool.map(work, (slice(start, min(start + block, length)) for start in range(0, length, block))):
        pass
