"""Joules that a block of code took, where the machine counts them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from benchmark import text
from benchmark.measure.energy_counters import GPU, PACKAGE, Counter, energy_counters, gpu_uuid
from benchmark.record.meter import Reading

#: A block must be this many times as long as the interval of the counters: they tell its ends no better.
INTERVALS = 10
#: Seconds between two readings by `poll`.
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Energy:
    """Joules, and the parts of the machine that they were counted for: `GPU board and 2 CPU packages`."""

    joules: float
    covers: str

    def shared(self, equally_by: int) -> Energy:
        """The share of one of so many equal blocks."""
        return replace(self, joules=self.joules / equally_by)


class EnergyMeter:
    """Adds up what the counters of this machine count from `start` on, but for blocks that are left out.

    The counters cannot tell one program from another: all that runs on the machine is in the figure.
    """

    def __init__(self, counters: Sequence[Counter] | None = None) -> None:
        """`counters` are those of this machine by default."""
        self._counters = tuple(energy_counters() if counters is None else counters)
        self.start()

    def start(self) -> None:
        """Begin from zero."""
        self._joules, self._seconds = [0.0] * len(self._counters), 0.0
        self._stopped = False
        self._read()

    def poll(self) -> None:
        """Read counters before they wrap twice: call it now and then during a long block. Cheap."""
        if time.perf_counter() - self._at >= POLL_SECONDS:
            self._add()

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """What is spent inside this block does not count."""
        self._add()
        stopped, self._stopped = self._stopped, True
        try:
            yield
        finally:
            self._stopped = stopped
            self._read()

    def reading(self) -> Reading:
        """What each counter has counted from the start to now."""
        self._add()
        return Reading(tuple(self._joules), self._seconds)

    def spent(self, device: str) -> Energy | None:
        """What a computation took on a device that torch names: all CPU packages, and the GPU that it used.

        None if the machine does not count it, or if it was too short to tell. A figure for a CUDA device
        always has that GPU in it.
        """
        return self.between(Reading((0.0,) * len(self._counters), 0.0), self.reading(), device)

    def between(self, begun: Reading, ended: Reading, device: str) -> Energy | None:
        """What `spent` tells, of the time between two readings."""
        counted = self._used_by(device)
        joules = math.fsum(ended.joules[place] - begun.joules[place] for place in counted)
        short = ended.seconds - begun.seconds < self.least_seconds(device)
        if not counted or math.isnan(joules) or short:
            return None
        return Energy(joules, _covered([self._counters[place].part for place in counted]))

    def least_seconds(self, device: str) -> float:
        """How long a computation on a device must take for its energy to be told; 0 if it is never told."""
        return INTERVALS * max((self._counters[place].interval for place in self._used_by(device)), default=0)

    def _used_by(self, device: str) -> list[int]:
        """The places of the counters whose joules are those of a device."""
        packages = [place for place, counter in enumerate(self._counters) if counter.part == PACKAGE]
        if not device.startswith("cuda"):
            return packages
        uuid = gpu_uuid(device) if len(packages) < len(self._counters) else None
        gpus = [place for place, counter in enumerate(self._counters) if counter.name == uuid]
        return gpus + packages if gpus else []

    def _add(self) -> None:
        """Count what was spent since the last reading, unless it is left out."""
        if self._stopped:
            return
        values, at = self._values, self._at
        self._read()
        seconds = self._at - at
        self._seconds += seconds
        for place, counter in enumerate(self._counters):
            self._joules[place] += counter.difference(values[place], self._values[place], seconds)

    def _read(self) -> None:
        self._values = [counter.read() for counter in self._counters]
        self._at = time.perf_counter()


def _covered(parts: Sequence[str]) -> str:
    """`GPU board and 2 CPU packages`"""
    numbers = {part: parts.count(part) for part in (GPU, PACKAGE)}
    return text.listed(
        [part if number == 1 else text.plural(number, part) for part, number in numbers.items() if number]
    )
