"""Runs a search: asks for a batch of trials, runs them like any other runs, and reports how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmark.errors import UserError
from benchmark.job import Job, Say
from benchmark.record.folder import finished, read_result
from benchmark.record.result import Result
from benchmark.search.goal import Goal, reached
from benchmark.search.prepare import PreparedSearch
from benchmark.search.record import SearchRecord, Trial, read_record, with_earlier
from benchmark.search.space import Point, overrides
from benchmark.sweep.compose import Collector
from benchmark.sweep.launch import launch, plan_runs
from benchmark.sweep.outcome import Outcome


def conduct(search: PreparedSearch, say: Say) -> SearchRecord:
    """Bring every trial to its end; the record is on disk before and after each batch.

    Finished runs are found again, so an interrupted search
    continues. Raises UserError if no run of a batch can be started (its corpus is missing).
    """
    record, study, results_dir = search.record, search.study, search.results_dir
    earlier = read_record(record.path(results_dir))
    before = earlier.trials if earlier else ()
    done: list[Trial] = []
    while size := _next_batch(replace(record, trials=tuple(done))):
        asked = [study.ask() for _ in range(size)]
        jobs = [_job(search.collector, [*search.shared, *overrides(point)]) for _, point in asked]
        batch = _planned(jobs, asked, before, say)
        replace(record, trials=with_earlier([*done, *batch], before)).write(results_dir)
        outcomes = launch(jobs, say=say)
        if all(outcome.status == "error" for outcome in outcomes):
            raise UserError(outcomes[0].reason or "no trial could be run")
        ended = [_ended(trial, outcome, record.goal) for trial, outcome in zip(batch, outcomes, strict=True)]
        for (number, _), trial in zip(asked, ended, strict=True):
            study.tell(number, trial.value)
        done += ended
        record = replace(record, trials=with_earlier(done, before))
        record.write(results_dir)
        say(_progress(record, len(done), sum(outcome.earlier for outcome in outcomes)))
    return record


def _next_batch(record: SearchRecord) -> int:
    """How many trials come next: at most a batch, and no more than the core-seconds left pay for.

    A trial is expected to cost what those before it cost on average. The first of a limited search is made
    alone, to learn what one costs, whatever the limit.
    """
    size = min(record.batch, record.planned - len(record.trials))
    if record.core_seconds is None:
        return size
    if not record.trials:
        return 1
    mean = record.spent / len(record.trials)
    left = record.core_seconds - record.spent
    return size if mean <= 0 else max(0, min(size, int(left / mean)))


def _job(collector: Collector, arguments: list[str]) -> Job:
    jobs = collector.jobs(arguments)
    if len(jobs) != 1:
        raise UserError("a trial is one run: give one value for each setting that the search does not vary")
    return jobs[0]


def _planned(
    jobs: Sequence[Job], asked: Sequence[tuple[int, Point]], before: Sequence[Trial], say: Say
) -> list[Trial]:
    """The trials of a batch before they run, each with its run id; trials known from before are kept."""
    runs, problems = plan_runs(jobs, say)
    if len(problems) == len(jobs):
        raise UserError(problems[jobs[0]].reason or "no trial could be run")
    folders = {run.job: run.folder for run in runs}
    made_before = {trial.run_id for trial in before if trial.made}
    trials = []
    for job, (number, point) in zip(jobs, asked, strict=True):
        folder = folders.get(job)
        run_id = folder.name if folder else ""
        made = folder is not None and (run_id in made_before or finished(folder) is None)
        trial = Trial(number + 1, point, run_id, job.model, job.corpus, job.label, job.command, made=made)
        known = before[number] if number < len(before) else None
        trials.append(known if known is not None and known.run_id == run_id else trial)
    return trials


def _ended(trial: Trial, outcome: Outcome, goal: Goal) -> Trial:
    """A trial with its outcome. Without a finite value of what the search lowers it counts as failed."""
    result = read_result(outcome.folder) if outcome.folder else None
    trial = replace(trial, core_seconds=_cost(result) if result else None)
    if outcome.status != "ok" or outcome.folder is None:
        return replace(trial, state=outcome.status, reason=outcome.reason)
    value, problem = reached(result, goal) if result else (None, "its record cannot be read")
    if value is None:
        return replace(trial, state="failed", reason=problem)
    return replace(trial, state="ok", value=value)


def _cost(result: Result) -> float | None:
    """Core-seconds of a run. Of one that was interrupted, or made before they were measured, the training's
    seconds by its threads."""
    if result.search_core_seconds is not None:
        return result.search_core_seconds
    return None if result.train_seconds is None else result.train_seconds * (result.threads or 1)


def _progress(record: SearchRecord, done: int, found: int) -> str:
    best = record.best
    so_far = "none has finished well yet"
    if best is not None:
        so_far = f"best so far: {record.goal.said(best.value)} (trial {best.number})"
    earlier = f" ({found} of the last batch finished earlier)" if found else ""
    spent = f", {record.spent:.0f} of {record.core_seconds:.0f} core-seconds" if record.core_seconds else ""
    return f"{done} of {record.planned} trials{spent}{earlier}: {so_far}"
