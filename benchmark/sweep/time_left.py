"""Estimates how much longer a sweep takes.

A run in progress reports how far it is. A waiting run is expected to take as long as runs of the same model
in this sweep, ended or in progress, or else as long as like runs in the results folder took. The waiting
runs are then assigned to the workers in order, as the launcher will do.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from benchmark.record.progress import Progress

#: The share of a run's training from which on its rate is trusted.
TRUSTED = 0.02


@dataclass
class _Run:
    kind: Hashable
    earlier: float | None
    started: float | None = None
    share: float = 0.0
    #: Seconds that it will take in all, at its present rate.
    projected: float | None = None
    ended: bool = False
    #: Seconds that it took, if it ended well.
    took: float | None = None

    @property
    def known(self) -> float | None:
        """Seconds from beginning to end, measured or projected."""
        return self.took if self.ended else self.projected


class TimeLeft:
    """Estimates the seconds until the last run ends.

    `kinds`: for each run, what it shares with runs that take about as long. `earlier`: seconds that like
    runs took before, where any are known. `workers`: how many run at once; None if a cluster decides.
    """

    def __init__(
        self,
        kinds: Mapping[Any, Hashable],
        earlier: Mapping[Any, float],
        workers: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runs = {name: _Run(kind, earlier.get(name)) for name, kind in kinds.items()}
        self._workers, self._clock = workers, clock

    def start(self, run: Hashable) -> None:
        """A run has started."""
        self._runs[run].started = self._clock()

    def advance(self, run: Hashable, progress: Progress) -> None:
        """A run has reported its progress."""
        advanced = self._runs[run]
        advanced.share = progress.share
        if advanced.started is not None and progress.seconds_left is not None and progress.share >= TRUSTED:
            spent = self._clock() - advanced.started
            advanced.projected = spent + progress.seconds_left

    def end(self, run: Hashable, well: bool = True) -> None:
        """A run has ended. One that did not end `well` says nothing about the others."""
        ended = self._runs[run]
        ended.ended = True
        if well and ended.started is not None:
            ended.took = self._clock() - ended.started

    @property
    def share(self) -> float:
        """How much of the sweep is done, from 0 to 1, with the parts of runs in progress."""
        runs = self._runs.values()
        return sum(1.0 if run.ended else run.share for run in runs) / max(1, len(runs))

    def seconds(self) -> float | None:
        """The estimate; None while nothing is known of some run."""
        runs = list(self._runs.values())
        known = {id(run): seconds for run in runs if (seconds := run.known) is not None}
        like = _means([(run.kind, known[id(run)]) for run in runs if id(run) in known])
        scale = _scale([(known[id(run)], run.earlier) for run in runs if id(run) in known])
        running, waiting = [], []
        for run in runs:
            if run.ended:
                continue
            total = known.get(id(run), like.get(run.kind))
            if total is None and run.earlier is not None:
                total = run.earlier * scale
            if total is None and known:
                total = fmean(known.values())
            if total is None:
                return None
            if run.started is None:
                waiting.append(total)
            else:
                running.append(max(0.0, total - (self._clock() - run.started)))
        return _last_end(running, waiting, self._workers)


def _means(pairs: Sequence[tuple[Hashable, float]]) -> dict[Hashable, float]:
    """The mean of each kind."""
    kinds: dict[Hashable, list[float]] = {}
    for kind, seconds in pairs:
        kinds.setdefault(kind, []).append(seconds)
    return {kind: fmean(seconds) for kind, seconds in kinds.items()}


def _scale(pairs: Sequence[tuple[float, float | None]]) -> float:
    """How much longer runs take here than like runs took earlier, from pairs of both."""
    both = [(here, earlier) for here, earlier in pairs if earlier is not None]
    earlier = sum(earlier for _, earlier in both)
    return sum(here for here, _ in both) / earlier if earlier else 1.0


def _last_end(running: list[float], waiting: list[float], workers: int | None) -> float:
    """When the last of these ends, each waiting one taking the first worker that is free."""
    ends = list(running) + [0.0] * (len(waiting) if workers is None else max(0, workers - len(running)))
    heapq.heapify(ends)
    last = max(ends, default=0.0)
    for seconds in waiting:
        end = (heapq.heappop(ends) if ends else 0.0) + seconds
        heapq.heappush(ends, end)
        last = max(last, end)
    return last
