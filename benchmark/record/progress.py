"""The progress of a run: reported by the process that computes it, shown by the process that started it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Self

#: Starts a line of output that is not for people. Messages do not contain this control character.
MARK = "\x1dprogress "

#: Least seconds between two progress lines, and the same as a share of the time that has passed.
SELDOM, SHARE = 10.0, 0.02


@dataclass(frozen=True)
class Progress:
    """`done` of `total` training tokens after `seconds` of training; `figures` such as the loss."""

    done: int
    total: int
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 1.0

    @property
    def rate(self) -> float:
        """Tokens per second; 0 before anything was measured."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds of training that are left at this rate; None if that is unknown."""
        return max(0, self.total - self.done) / self.rate if self.rate else None

    def described(self) -> str:
        """`43% of 9,999 tokens, 2,390 tokens/s, 3:24 left, loss 4.52`"""
        shown = "".join(f", {name.replace('_', ' ')} {value:.4g}" for name, value in self.figures.items())
        left = "unknown time" if self.seconds_left is None else clock_time(self.seconds_left)
        return f"{self.share:.0%} of {self.total:,} tokens, {self.rate:,.0f} tokens/s, {left} left{shown}"

    def to_line(self) -> str:
        """One line that `from_line` reads."""
        return MARK + json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Self | None:
        """What `to_line` has written; None for any other line."""
        if not line.startswith(MARK):
            return None
        try:
            return cls(**json.loads(line.removeprefix(MARK)))
        except (TypeError, ValueError):  # the line was cut off
            return None


#: Receives the progress of a run.
Report = Callable[[Progress], None]


class Throttle:
    """Decides when another progress line is due: less and less often, so that a day's log stays readable."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = self._last = clock()

    def due(self) -> bool:
        """Whether a line is due now. If so, the wait for the next one begins."""
        now = self._clock()
        if now - self._last < max(SELDOM, SHARE * (now - self._begun)):
            return False
        self._last = now
        return True


def clock_time(seconds: float) -> str:
    """`3:24`, `1:03:24`"""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def rough_time(seconds: float) -> str:
    """`40 s`, `3 min`, `2.5 h`, `3 days`"""
    if seconds < 55:
        return f"{max(10, 10 * round(seconds / 10))} s"
    if seconds < 100 * 60:
        return f"{max(1, round(seconds / 60))} min"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} days"
