"""Jobs given to submitit: what they say, whether they have ended, and how."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmark.sweep.outcome import Outcome, Placed, concluded, lost
from benchmark.sweep.slots import Seat

#: Seconds after which a job that Slurm does not know of has vanished: its accounting lags behind.
UNKNOWN_TOO_LONG = 600.0


@dataclass(eq=False)
class Submitted:
    """One job: `handle` is submitit's; `holding` is let go when the job is over, whoever thinks otherwise."""

    place: Placed
    handle: Any
    seat: Seat = field(default_factory=Seat)
    holding: ExitStack = field(default_factory=ExitStack)
    _read: int = 0
    _unknown_since: float | None = None

    def show_news(self) -> None:
        """Print what the job has said since the last look: submitit keeps it in a file."""
        try:
            with open(self.handle.paths.stdout, "rb") as log:
                log.seek(self._read)
                whole, newline, _ = log.read().rpartition(b"\n")
        except OSError:  # not begun
            return
        self._read += len(whole) + len(newline)
        for line in whole.decode(errors="replace").splitlines():
            if not line.startswith("submitit "):  # its own remarks
                print(line, flush=True)

    def over(self) -> bool:
        """Has it ended, or vanished?"""
        return bool(self.handle.done()) or self._vanished()

    def outcome(self) -> Outcome:
        """How it ended; to be asked once it is over."""
        self.show_news()
        reason = f"its job {self.handle.job_id} ended without a result ({self.handle.state.lower()})"
        try:
            has_result = not self._vanished() and self._has_result()
            return concluded(self.place, self.handle.result()) if has_result else lost(self.place, reason)
        except Exception as error:  # submitit raises its own for what a cluster does to a job
            return lost(self.place, f"{reason}: {str(error).strip().splitlines()[-1]}")
        finally:
            self.holding.close()

    def cancel(self) -> None:
        """End it."""
        self.handle.cancel(check=False)
        self.holding.close()

    def _has_result(self) -> bool:
        """Slow file systems show a result late, and submitit waits for it; here there is none to come."""
        return self.handle.paths.result_pickle.exists() or type(self.handle).__name__ != "LocalJob"

    def _vanished(self) -> bool:
        if self.handle.state != "UNKNOWN":
            self._unknown_since = None
            return False
        self._unknown_since = self._unknown_since or time.monotonic()
        return time.monotonic() - self._unknown_since > UNKNOWN_TOO_LONG


def ended(jobs: list[Submitted]) -> Iterator[Submitted]:
    """The jobs that are over, taken out of the list; what all of them say is shown."""
    for job in tuple(jobs):
        job.show_news()
        if job.over():
            jobs.remove(job)
            yield job


def cancel(jobs: Iterable[Submitted]) -> None:
    """End all of them."""
    for job in jobs:
        job.cancel()
