"""A run before it starts, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.errors import UserError
from benchmark.job import Job
from benchmark.record.folder import finished, read_result
from benchmark.record.outdated import Outdated, outdated
from benchmark.record.repetition import latest
from benchmark.record.result import Result
from benchmark.run import record_failure
from benchmark.sweep.subprocess_run import USER_ERROR_STATUS, WorkerExit, WorkerRequest
from benchmark.sweep.torchrun import rank
from benchmark.text import one_line

#: Seconds in which a signal to a group of processes has reached all of them.
SETTLING = 0.3


@dataclass(frozen=True)
class Outcome:
    """How a job ended: the status in its record, or `error` (the user must mend something; no record)."""

    job: Job
    status: str
    reason: str | None
    folder: Path | None
    earlier: bool = False
    #: What made a run that was finished earlier, if not what is installed now.
    outdated: Outdated | None = None
    #: The stack trace of an error in the model's code.
    traceback: str | None = None
    #: Whether its corpus cannot be found or read, so that nothing began.
    without_corpus: bool = False

    @property
    def described(self) -> str:
        """`failed: LSTM, 2 × 200 on ptb: …`, for one that did not end well."""
        reason = (self.reason or "no reason recorded").strip().splitlines()[0]
        return one_line(f"{self.status}: {self.job.title}: {reason}")


#: Outcomes as they come. Closing the generator ends the runs in progress.
Outcomes = Generator[Outcome, None, None]


@dataclass(frozen=True)
class PlannedRun:
    """A job, the fingerprint of its corpus, and the folder that its run is written to."""

    job: Job
    corpus_fingerprint: str
    folder: Path

    def request(self, **environment: str | None) -> WorkerRequest:
        """What a worker process needs; `environment` changes its variables (None removes one)."""
        return WorkerRequest(self.job.config, self.job.command, environment)


def outcome_from_record(run: PlannedRun, record: Result, *, earlier: bool = False) -> Outcome:
    """The outcome that a run's record states."""
    made_by = outdated(record) if earlier else None
    return Outcome(run.job, record.status, record.reason, run.folder, earlier, made_by, record.traceback)


def outcome_from_exit(run: PlannedRun, ended: WorkerExit) -> Outcome:
    """The outcome of a run whose worker process has ended; without a record it is recorded as failed."""
    if ended.status is None:
        return outcome_of_lost_worker(run, ended.reason)
    if ended.status == USER_ERROR_STATUS:
        return Outcome(run.job, "error", ended.reason, None)
    if rank() and ended.status == 0:  # the process of rank 0 writes the record, later
        return Outcome(run.job, "ok", None, run.folder)
    if ended.status < 0:
        _see_whether_all_end()
    try:
        place = latest(run.folder) if run.job.config["force"] else run.folder
        record = read_result(place)
        if ended.status != 0 or record is None:
            record = record_failure(run.job, run.corpus_fingerprint, ended.reason)
            place = latest(run.folder)
    except UserError as error:
        return Outcome(run.job, "error", str(error), None)
    outcome = outcome_from_record(run, record)
    if place == run.folder:
        return outcome
    return replace(outcome, folder=place, reason=f"{record.reason} (the run that it was to repeat is kept)")


def outcome_of_lost_worker(run: PlannedRun, reason: str) -> Outcome:
    """The outcome of a run whose helper process was killed, so that nothing is known of its worker.

    It may have finished first: a settled record is never overwritten.
    """
    _see_whether_all_end()
    try:
        record = finished(run.folder)
        if record is not None and run.job.config["force"]:  # perhaps the record that it was to replace
            return Outcome(run.job, "failed", reason, run.folder)
        return outcome_from_record(run, record or record_failure(run.job, run.corpus_fingerprint, reason))
    except UserError as error:
        return Outcome(run.job, "error", str(error), None)


def _see_whether_all_end() -> None:
    """Wait a moment after a process was ended by a signal, before that is recorded as its failure.

    Whoever ends a whole group of processes (`timeout`, systemd, a closing terminal) sends the same signal to
    this one, which raises here: the run is cut off then, and has not failed.
    """
    time.sleep(SETTLING)
