"""The jobs as processes of this machine: several at once, or one after the other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from benchmark.job import Say
from benchmark.sweep.isolated import run_isolated
from benchmark.sweep.launchers.in_seats import Conclusion, in_seats
from benchmark.sweep.launchers.launcher import Launcher
from benchmark.sweep.outcome import Outcome, Placed, concluded
from benchmark.sweep.slots import Seat, Slots


@dataclass(frozen=True)
class Processes(Launcher):
    """A process a job. On a CPU one job a core with one thread each beats a few threads in turn."""

    def run(self, places: Sequence[Placed], slots: Slots, say: Say) -> Iterator[Outcome]:
        running: set[subprocess.Popen[bytes]] = set()

        def one(place: Placed, seat: Seat) -> Conclusion:
            return partial(concluded, place, run_isolated(place.order(**seat.environment), running))

        def stop() -> None:
            for process in list(running):
                process.terminate()

        return in_seats(places, slots, one, stop)


@dataclass(frozen=True)
class Sequential(Processes):
    """One job after the other, each with the machine to itself: what timings are best taken with."""

    def at_once(self, places: Sequence[Placed], slots: Slots) -> int:
        return 1

    def run(self, places: Sequence[Placed], slots: Slots, say: Say) -> Iterator[Outcome]:
        return super().run(places, replace(slots, at_once=1), say)
