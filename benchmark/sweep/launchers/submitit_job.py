"""Jobs handed to submitit: their output, whether they have ended, and how."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmark.sweep.capacity import Allocation
from benchmark.sweep.outcome import Outcome, PlannedRun, outcome_from_exit, outcome_of_lost_worker

#: Seconds after which a job unknown to Slurm counts as gone; until then its accounting may lag behind.
UNKNOWN_TOO_LONG = 600.0


@dataclass(eq=False)
class SubmittedJob:
    """One job: `handle` is submitit's; `resources` are released as soon as the job is over."""

    run: PlannedRun
    handle: Any
    allocation: Allocation = field(default_factory=Allocation)
    resources: ExitStack = field(default_factory=ExitStack)
    _read: int = 0
    _unknown_since: float | None = None

    def print_new_output(self) -> None:
        """Print what the job has written since the last call; submitit keeps its output in a file."""
        try:
            with open(self.handle.paths.stdout, "rb") as log:
                log.seek(self._read)
                whole, newline, _ = log.read().rpartition(b"\n")
        except OSError:  # it has not started
            return
        self._read += len(whole) + len(newline)
        for line in whole.decode(errors="replace").splitlines():
            if not line.startswith("submitit "):  # submitit's own messages
                print(line, flush=True)

    def finished(self) -> bool:
        """Whether the job has ended or is gone."""
        return bool(self.handle.done()) or self._gone()

    def outcome(self) -> Outcome:
        """How it ended; to be called once it is finished."""
        self.print_new_output()
        reason = f"its job {self.handle.job_id} ended without a result ({self.handle.state.lower()})"
        try:
            has_result = not self._gone() and self._has_result()
            if has_result:
                return outcome_from_exit(self.run, self.handle.result())
            return outcome_of_lost_worker(self.run, reason)
        except Exception as error:  # submitit's own errors for what a cluster does to jobs
            return outcome_of_lost_worker(self.run, f"{reason}: {str(error).strip().splitlines()[-1]}")
        finally:
            self.resources.close()

    def cancel(self) -> None:
        """End the job."""
        self.handle.cancel(check=False)
        self.resources.close()

    def _has_result(self) -> bool:
        """submitit waits for results that a slow file system shows late; locally no more can come."""
        return self.handle.paths.result_pickle.exists() or type(self.handle).__name__ != "LocalJob"

    def _gone(self) -> bool:
        if self.handle.state != "UNKNOWN":
            self._unknown_since = None
            return False
        self._unknown_since = self._unknown_since or time.monotonic()
        return time.monotonic() - self._unknown_since > UNKNOWN_TOO_LONG


def take_finished(jobs: list[SubmittedJob]) -> Iterator[SubmittedJob]:
    """Remove finished jobs from the list and yield them; prints the new output of all jobs."""
    for job in tuple(jobs):
        job.print_new_output()
        if job.finished():
            jobs.remove(job)
            yield job


def cancel(jobs: Iterable[SubmittedJob]) -> None:
    """End all of them."""
    for job in jobs:
        job.cancel()
