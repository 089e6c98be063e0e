"""Jobs handed to submitit: their output, whether they have ended, and how."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.sweep.capacity import Allocation
from benchmark.sweep.launchers.line_file import LineFile
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcome, PlannedRun, outcome_from_exit, outcome_of_lost_worker

#: Seconds after which a job unknown to Slurm counts as gone; until then its accounting may lag behind.
UNKNOWN_TOO_LONG = 600.0


@dataclass(eq=False)
class SubmittedJob:
    """One job: `handle` is submitit's; `resources` are released as soon as the job is over."""

    run: PlannedRun
    handle: Any
    monitor: Monitor
    allocation: Allocation = field(default_factory=Allocation)
    resources: ExitStack = field(default_factory=ExitStack)
    _lines: LineFile | None = None
    _unknown_since: float | None = None

    def pass_on_output(self) -> None:
        """Hand what the job has written since the last call to the monitor; submitit keeps it in a file."""
        self._lines = self._lines or LineFile(Path(self.handle.paths.stdout))
        self._lines.pass_on(self.run, self.monitor)

    def finished(self) -> bool:
        """Whether the job has ended or is gone."""
        return bool(self.handle.done()) or self._gone()

    def outcome(self) -> Outcome:
        """How it ended; to be called once it is finished."""
        self.pass_on_output()
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
    """Remove finished jobs from the list and yield them; passes on what all of them have written."""
    for job in tuple(jobs):
        job.pass_on_output()
        if job.finished():
            jobs.remove(job)
            yield job


def cancel(jobs: Iterable[SubmittedJob]) -> None:
    """End all of them."""
    for job in jobs:
        job.cancel()
