"""What the log of a run asks of whatever measures a training beside its clock."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Reading:
    """What the counters of a machine's energy have counted since their meter started, and in what time."""

    joules: tuple[float, ...]
    seconds: float


class Meter(Protocol):
    """Measures a training beside its clock, and stops when the clock stops."""

    def start(self) -> None:
        """Begin from zero."""

    def poll(self) -> None:
        """Called often during training."""

    def left_out(self) -> AbstractContextManager[None]:
        """What happens inside this block does not count."""

    def reading(self) -> Reading:
        """What was counted from the start to now."""
