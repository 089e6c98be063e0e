"""How far a sweep is: a line now and then, not one a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmark.job import Say

#: Seconds between two lines, and their share of the time a sweep has run: a day's log stays readable.
SELDOM, SHARE = 10.0, 0.02


class SweepProgress:
    """Counts runs as they end and says "12 of 40 runs done, 3 min left"."""

    def __init__(self, total: int, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._say, self._clock = total, say, clock
        self._begun = self._said = clock()
        self._done = 0

    def one_more(self) -> None:
        """A run has ended. The last one says nothing: the summary follows."""
        self._done += 1
        now = self._clock()
        elapsed = now - self._begun
        if self._done < self._total and now - self._said >= max(SELDOM, SHARE * elapsed):
            self._said = now
            left = elapsed / self._done * (self._total - self._done)
            self._say(f"{self._done} of {self._total} runs done, {duration(left)} left")


def duration(seconds: float) -> str:
    """A rough time for people: 40 s, 3 min, 2.5 h, 3 days."""
    if seconds < 55:
        return f"{max(10, 10 * round(seconds / 10))} s"
    if seconds < 100 * 60:
        return f"{max(1, round(seconds / 60))} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} days"
