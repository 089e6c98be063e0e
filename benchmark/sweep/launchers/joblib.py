"""joblib's processes (loky) on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import ClassVar

from benchmark.job import Say
from benchmark.sweep.isolated import run_isolated
from benchmark.sweep.launchers.in_seats import Conclusion, in_seats
from benchmark.sweep.launchers.launcher import Launcher
from benchmark.sweep.launchers.lease import end_with, lease
from benchmark.sweep.outcome import Outcome, Placed, concluded, lost
from benchmark.sweep.slots import Seat, Slots

#: Why a job has no more to say.
KILLED = "the joblib process that ran it was killed, as the system does when memory runs out"


@dataclass(frozen=True)
class Joblib(Launcher):
    """An executor of one loky process for each job at a time.

    A loky process that is killed breaks its whole executor and leaves open whose fault it was; in one of
    its own it takes a single job with it, and the seat gets another.
    """

    package: ClassVar = "joblib"

    def run(self, places: Sequence[Placed], slots: Slots, say: Say) -> Iterator[Outcome]:
        idle: SimpleQueue[Executor] = SimpleQueue()
        started: list[Executor] = []

        def one(place: Placed, seat: Seat) -> Conclusion:
            executor = idle.get() if not idle.empty() else _executor(held, started)
            try:
                end = executor.submit(run_isolated, place.order(**seat.environment)).result()
            except BrokenProcessPool:
                return partial(lost, place, KILLED)
            idle.put(executor)
            return partial(concluded, place, end)

        def stop() -> None:
            for executor in started:
                executor.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]

        with lease() as held:
            try:
                yield from in_seats(places, slots, one, stop)
            finally:
                stop()


def _executor(held: str, started: list[Executor]) -> Executor:
    from joblib.externals.loky import ProcessPoolExecutor

    executor: Executor = ProcessPoolExecutor(max_workers=1, initializer=end_with, initargs=(held,))
    started.append(executor)
    return executor
