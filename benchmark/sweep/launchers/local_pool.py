"""Runs jobs in threads of this process, as many at once as the capacity allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from benchmark.sweep.capacity import Allocation, Allocator, Capacity, requested_gpu
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcome, Outcomes, PlannedRun

#: Seconds between two looks at whether all runs have ended that were told to.
LOOK = 0.05

#: Makes, and records, the outcome of a job that has ended. It is not called for a job that was ended
#: because the sweep was given up: such a run is cut off, not failed.
DeferredOutcome = Callable[[], Outcome]


def run_with_capacity(
    runs: Sequence[PlannedRun],
    capacity: Capacity,
    start: Callable[[PlannedRun, Allocation], DeferredOutcome],
    stop: Callable[[], None],
    monitor: Monitor,
) -> Outcomes:
    """`start` every run in a thread as soon as there is room for it; the outcomes, each as it comes.

    A run that waits for a GPU does not keep those behind it from a core. `stop` is called,
    perhaps more than once, when the iteration is given up; it must make every `start` in progress return.
    """
    allocator = Allocator(capacity)
    waiting = list(runs)
    running: dict[Future[DeferredOutcome], Allocation] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, min(capacity.max_concurrent, len(runs))))
    try:
        while waiting or running:
            for run in tuple(waiting):
                allocation = allocator.acquire(requested_gpu(run.job.config["model"]))
                if allocation is not None:
                    waiting.remove(run)
                    monitor.started(run)
                    running[pool.submit(start, run, allocation)] = allocation
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                allocator.release(running.pop(future))
                yield future.result()()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        while not all(future.done() for future in running):
            stop()  # again and again: a thread may only just be starting something
            time.sleep(LOOK)
        pool.shutdown()
