"""A job with its place on disk before it runs, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.job import Job, settled
from benchmark.record.folder import read_result
from benchmark.run import failed
from benchmark.sweep.isolated import MENDABLE, End, Order
from benchmark.sweep.ranks import rank


@dataclass(frozen=True)
class Outcome:
    """How a job ended: a record's status, or `error` (what the user must mend; nothing recorded)."""

    job: Job
    status: str
    reason: str | None
    folder: Path | None
    earlier: bool = False


@dataclass(frozen=True)
class Placed:
    """A job, its corpus's fingerprint, and the folder where its run will stand.

    `terminal` lets it redraw its progress in place: the terminal is its alone.
    """

    job: Job
    fingerprint: str
    folder: Path
    terminal: bool = False

    def order(self, **environment: str | None) -> Order:
        """What a worker process needs; `environment` changes its variables (None removes one)."""
        return Order(self.job.config, self.job.command, self.terminal, environment)


def recorded(place: Placed, record: dict[str, Any], *, earlier: bool = False) -> Outcome:
    """The outcome that a record tells of."""
    return Outcome(
        place.job, record.get("status", "failed"), record.get("reason"), place.folder, earlier=earlier
    )


def concluded(place: Placed, end: End) -> Outcome:
    """The outcome of a job whose worker process has ended; one that left no record is recorded as failed."""
    if end.status == MENDABLE:
        return Outcome(place.job, "error", end.reason, None)
    if rank() and end.status == 0:  # the record is written by the process of rank 0, later
        return Outcome(place.job, "ok", None, place.folder)
    try:
        record = read_result(place.folder)
        if end.status != 0 or record is None:
            record = failed(place.job, place.fingerprint, end.reason)
    except UserError as error:
        return Outcome(place.job, "error", str(error), None)
    return recorded(place, record)


def lost(place: Placed, reason: str) -> Outcome:
    """The outcome of a job nothing more was heard of, since what ran it on a launcher's behalf was killed.

    It may have finished before: a settled record is never written over.
    """
    try:
        record = settled(place.folder)
        if record is not None and place.job.config["force"]:  # perhaps the one it was to replace
            return Outcome(place.job, "failed", reason, place.folder)
        return recorded(place, record or failed(place.job, place.fingerprint, reason))
    except UserError as error:
        return Outcome(place.job, "error", str(error), None)
