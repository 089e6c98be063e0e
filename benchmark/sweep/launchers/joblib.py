"""joblib's processes (loky) on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from pathlib import Path
from queue import SimpleQueue
from typing import ClassVar

from benchmark.console.signals import hidden_from_children
from benchmark.sweep.capacity import Allocation, Capacity
from benchmark.sweep.launchers.launcher import Launcher
from benchmark.sweep.launchers.lease import exit_with_lease, held_lease
from benchmark.sweep.launchers.line_file import LineFile, run_into_file
from benchmark.sweep.launchers.local_pool import DeferredOutcome, run_with_capacity
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcomes, PlannedRun, outcome_from_exit, outcome_of_lost_worker

#: Seconds between two looks at what a job has written.
LOOK = 0.2

#: The reason recorded for a job whose loky process died.
KILLED = "the joblib process that ran it was killed, as the system does when memory runs out"


@dataclass(frozen=True)
class Joblib(Launcher):
    """One loky executor, with one process, for each job at a time.

    A loky process that is killed breaks its whole executor, and nothing says which job was at fault. With
    an executor of its own it takes a single job with it, and the next job gets a new one.
    """

    package: ClassVar = "joblib"

    def run(self, runs: Sequence[PlannedRun], capacity: Capacity, monitor: Monitor) -> Outcomes:
        # Imported here, before there are threads: joblib's modules import each other, and two threads that
        # import them at the same moment can find one half made.
        from joblib.externals.loky import ProcessPoolExecutor

        with hidden_from_children():  # loky needs this process too; its start would unblock the signals
            resource_tracker.ensure_running()
        idle: SimpleQueue[Executor] = SimpleQueue()
        started: list[Executor] = []

        def new_executor() -> Executor:
            executor: Executor = ProcessPoolExecutor(
                max_workers=1, initializer=exit_with_lease, initargs=(lease,)
            )
            started.append(executor)
            return executor

        def start(run: PlannedRun, allocation: Allocation) -> DeferredOutcome:
            lines = LineFile(folder / run.folder.name)
            with hidden_from_children():
                executor = idle.get() if not idle.empty() else new_executor()
                future = executor.submit(run_into_file, run.request(**allocation.environment), lines.path)
            try:
                while not wait([future], timeout=LOOK).done:
                    lines.pass_on(run, monitor)
                lines.pass_on(run, monitor)
                ended = future.result()
            except BrokenProcessPool:
                return partial(outcome_of_lost_worker, run, KILLED)
            idle.put(executor)
            return partial(outcome_from_exit, run, ended)

        def stop() -> None:
            for executor in started:
                executor.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]

        with held_lease() as lease:
            folder = Path(lease).parent
            try:
                yield from run_with_capacity(runs, capacity, start, stop, monitor)
            finally:
                stop()
