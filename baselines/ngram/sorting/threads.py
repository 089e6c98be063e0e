"""Threads for array work: NumPy releases the interpreter lock while it computes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from baselines.ngram.sorting.limits import thread_limit

Item = TypeVar("Item")
Result = TypeVar("Result")

_BLOCK = 1 << 20


def thread_count() -> int:
    """How many cores to use: what a `limited` block says, or OMP_NUM_THREADS, as for torch and BLAS (the
    harness sets it), by default one for each usable core."""
    if limit := thread_limit():
        return limit
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdigit() and int(said) else len(os.sched_getaffinity(0))


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[Result]:
    """The results of `work` in the order of `items`; at most `ahead` are started before they are taken."""
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def in_blocks(
    pool: ThreadPoolExecutor, work: Callable[[slice], object], length: int, block: int = _BLOCK
) -> None:
    """Call `work` on every slice of `block` indices below `length`, in any order."""
    for _ in pool.map(work, (slice(start, min(start + block, length)) for start in range(0, length, block))):
        pass
