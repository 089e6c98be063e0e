"""Core-seconds: what a search spends on a trial."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager


class CoreClock:
    """Adds up the core-seconds of the blocks that it runs around.

    On a CPU they are the processor time of all threads of this process and of its child processes that have
    ended: a machine that is busy with other work does not lengthen it. On another device, or where the model
    is `outside`, in a process that goes on, they are the seconds that pass: the processor's time says little.
    """

    outside = False

    def __init__(self) -> None:
        self._processor = self._elapsed = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """What happens inside this block counts."""
        processor, elapsed = _processor_seconds(), time.perf_counter()
        try:
            yield
        finally:
            self._processor += _processor_seconds() - processor
            self._elapsed += time.perf_counter() - elapsed

    def core_seconds(self, device: str) -> float:
        """The sum so far. `device`: where the model was computed, as torch names it."""
        return self._processor if device == "cpu" and not self.outside else self._elapsed


def _processor_seconds() -> float:
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system
