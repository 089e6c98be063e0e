"""Processes of this machine: several at once, or one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from benchmark.sweep.capacity import Allocation, Capacity
from benchmark.sweep.launchers.launcher import Launcher
from benchmark.sweep.launchers.local_pool import DeferredOutcome, run_with_capacity
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcomes, PlannedRun, outcome_from_exit
from benchmark.sweep.subprocess_run import (
    WorkerProcess,
    WorkerRequest,
    run_in_subprocess,
    start_python,
)

#: Starts the process of a run; it then waits for its job.
StartWorker = Callable[[PlannedRun, WorkerRequest], WorkerProcess]


def run_in_workers(
    runs: Sequence[PlannedRun],
    capacity: Capacity,
    monitor: Monitor,
    start_worker: StartWorker,
    stop_others: Callable[[], None] = lambda: None,
) -> Outcomes:
    """Run each job in a worker process of its own on this machine.

    `stop_others`: ends what else a start may be waiting for, when the iteration is given up.
    """
    running: set[WorkerProcess] = set()

    def start(run: PlannedRun, allocation: Allocation) -> DeferredOutcome:
        request = run.request(**allocation.environment)
        output = partial(monitor.output, run)
        ended = run_in_subprocess(request, output, running, partial(start_worker, run))
        return partial(outcome_from_exit, run, ended)

    def stop() -> None:
        stop_others()
        for process in list(running):
            process.kill()

    return run_with_capacity(runs, capacity, start, stop, monitor)


@dataclass(frozen=True)
class Processes(Launcher):
    """One process for each job. On a CPU, one job per core beats several threads for one job at a time."""

    def run(self, runs: Sequence[PlannedRun], capacity: Capacity, monitor: Monitor) -> Outcomes:
        return run_in_workers(runs, capacity, monitor, lambda run, request: start_python(request))


@dataclass(frozen=True)
class Sequential(Processes):
    """One job after the other, each with the machine to itself, for timings worth comparing."""

    def max_concurrent(self, runs: Sequence[PlannedRun], capacity: Capacity) -> int:
        return 1

    def run(self, runs: Sequence[PlannedRun], capacity: Capacity, monitor: Monitor) -> Outcomes:
        return super().run(runs, replace(capacity, max_concurrent=1), monitor)
