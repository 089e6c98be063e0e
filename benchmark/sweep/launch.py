"""Runs jobs: finds the folder of each, skips those that are finished, and gives the rest to a launcher.

A job that fails becomes a row of the results; the sweep goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from benchmark.console.terminal import is_terminal
from benchmark.errors import UserError
from benchmark.job import Job, Say
from benchmark.record.folder import finished
from benchmark.record.repetition import clear_up, give_up_if_free
from benchmark.storage.files import without_empty_folders
from benchmark.sweep.capacity import capacity_of
from benchmark.sweep.launchers.launcher import build_launcher
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcome, PlannedRun, outcome_from_record
from benchmark.sweep.subprocess_run import OutputLine
from benchmark.sweep.torchrun import is_distributed, rank
from benchmark.traces import traces_are_shown

#: Under `torchrun` this launcher is used whatever the configuration says.
TORCHRUN_LAUNCHER = {"name": "processes", "_target_": "benchmark.sweep.launchers.processes.Processes"}


def launch(jobs: Sequence[Job], *, say: Say) -> list[Outcome]:
    """Bring every job to its end; finished ones are not repeated. Outcomes in the order of the jobs.

    Raises UserError if the launcher cannot be used.
    """
    folders = {job.results_dir / "runs" for job in jobs}
    with ExitStack() as stack:
        for folder in folders:  # none is left of runs that could not begin
            stack.enter_context(without_empty_folders(folder))
        return _launch(jobs, say)


def _launch(jobs: Sequence[Job], say: Say) -> list[Outcome]:
    runs, outcomes = plan_runs(jobs, say)
    for results_dir in {job.results_dir for job in jobs}:
        clear_up(results_dir)
    waiting: dict[Path, list[PlannedRun]] = {}  # several jobs may name one run (a seed that changes nothing)
    for run in runs:
        try:
            earlier = None if run.job.config["force"] else finished(run.folder)
        except UserError as error:  # the record cannot be read, or belongs to another run
            outcomes[run.job] = Outcome(run.job, "error", str(error), None)
            continue
        if earlier is not None:
            give_up_if_free(run.folder)
            outcomes[run.job] = outcome_from_record(run, earlier, earlier=True)
        else:
            waiting.setdefault(run.folder, []).append(run)
    outcomes |= _without_corpus([same[0] for same in waiting.values()], say)
    ready = [same[0] for same in waiting.values() if same[0].job not in outcomes]
    if ready and len(jobs) > 1:
        _tell_errors(list(outcomes.values()))
    outcomes |= _run_all(ready, say)
    for first, *others in waiting.values():
        for other in others:
            outcomes[other.job] = replace(outcomes[first.job], job=other.job)
    return [outcomes[job] for job in jobs]


def plan_runs(jobs: Sequence[Job], say: Say) -> tuple[list[PlannedRun], dict[Job, Outcome]]:
    """The run folder of each job, and the outcomes of jobs whose corpus cannot be found."""
    runs, outcomes = [], {}
    fingerprints: dict[str, str | UserError] = {}
    for job in jobs:
        if job.corpus_key not in fingerprints:
            fingerprints[job.corpus_key] = _fingerprint(job, say)
        fingerprint = fingerprints[job.corpus_key]
        if isinstance(fingerprint, UserError):
            outcomes[job] = Outcome(job, "error", str(fingerprint), None, without_corpus=True)
        else:
            runs.append(PlannedRun(job, fingerprint, job.folder(fingerprint)))
    return runs, outcomes


def _fingerprint(job: Job, say: Say) -> str | UserError:
    try:
        return job.corpus_fingerprint(say)
    except UserError as error:
        return error


def _without_corpus(runs: list[PlannedRun], say: Say) -> dict[Job, Outcome]:
    """Encode each corpus once, here, before several processes would at the same time.

    Returns the outcomes of the jobs whose corpus cannot be encoded.
    """
    problems: dict[str, str | None] = {}
    for run in runs:
        if run.job.corpus_key not in problems:
            problems[run.job.corpus_key] = None
            try:
                run.job.open(say)
            except UserError as error:
                problems[run.job.corpus_key] = str(error)
    return {
        run.job: Outcome(run.job, "error", problem, None, without_corpus=True)
        for run in runs
        if (problem := problems[run.job.corpus_key]) is not None
    }


def _tell_errors(outcomes: Sequence[Outcome]) -> None:
    """Say now, before the other runs begin, what the user must mend; once for all runs that it concerns."""
    first = {outcome.reason: outcome for outcome in reversed(outcomes) if outcome.status == "error"}
    for outcome in reversed(first.values()):
        print(outcome.described, file=sys.stderr, flush=True)


def _run_all(runs: list[PlannedRun], say: Say) -> dict[Job, Outcome]:
    if not runs:
        return {}
    config = runs[0].job.config
    launcher = build_launcher(TORCHRUN_LAUNCHER if is_distributed() else config["launcher"])
    capacity = capacity_of(config)
    at_once = launcher.max_concurrent(runs, capacity)
    planned = {run.job: run for run in runs}
    outcomes = {}
    with monitor_for(runs, at_once, say) as monitor:
        if len(runs) > 1:
            left = monitor.estimate()
            how = f"{len(runs)} runs, {at_once or 'as many as the cluster takes'} at a time"
            say(how + (f", {left}" if left else ""))
        with closing(launcher.run(runs, capacity, monitor)) as ending:  # whatever happens, no run goes on
            for outcome in ending:
                outcomes[outcome.job] = outcome
                run = planned[outcome.job]
                if outcome.traceback and traces_are_shown():
                    for line in outcome.traceback.splitlines():
                        monitor.output(run, OutputLine(line, is_error=True))
                monitor.ended(run, outcome)
    return outcomes


def monitor_for(runs: Sequence[PlannedRun], workers: int | None, say: Say) -> Monitor:
    """Bars where standard output is a terminal, plain lines elsewhere."""
    if rank() or not is_terminal():  # of the processes of torchrun only the first draws
        return Monitor(runs, workers, say)
    from benchmark.sweep.live_monitor import LiveMonitor

    return LiveMonitor(runs, workers, say)
