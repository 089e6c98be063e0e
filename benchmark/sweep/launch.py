"""Brings jobs to their end: where each run lives, what is finished already, the rest by a launcher.

What ends badly is a row, not the end of the sweep.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.errors import UserError
from benchmark.job import Job, Say, settled
from benchmark.sweep.launchers.launcher import launcher
from benchmark.sweep.outcome import Outcome, Placed, recorded
from benchmark.sweep.progress import SweepProgress
from benchmark.sweep.ranks import together
from benchmark.sweep.slots import slots

#: The launcher of processes that `torchrun` started, whatever the configuration says: it is one already.
BESIDE_TORCHRUN = {"name": "processes", "_target_": "benchmark.sweep.launchers.processes.Processes"}


def launch(jobs: Sequence[Job], *, say: Say) -> list[Outcome]:
    """Bring every job to its end; finished ones are not repeated. Outcomes in the order of the jobs.

    Raises UserError where the launcher cannot be used.
    """
    placed, outcomes = locate(jobs, say)
    waiting: dict[Path, list[Placed]] = {}  # jobs that name the same run (a seed that changes nothing)
    for place in placed:
        try:
            earlier = None if place.job.config["force"] else settled(place.folder)
        except UserError as error:  # the record cannot be read, or is another run's
            outcomes[place.job] = Outcome(place.job, "error", str(error), None)
            continue
        if earlier is not None:
            outcomes[place.job] = recorded(place, earlier, earlier=True)
        else:
            waiting.setdefault(place.folder, []).append(place)
    outcomes |= _without_corpus([places[0] for places in waiting.values()], say)
    ready = [places[0] for places in waiting.values() if places[0].job not in outcomes]
    outcomes |= _run_all(ready, say)
    for first, *others in waiting.values():
        for other in others:
            outcomes[other.job] = replace(outcomes[first.job], job=other.job)
    return [outcomes[job] for job in jobs]


def locate(jobs: Sequence[Job], say: Say) -> tuple[list[Placed], dict[Job, Outcome]]:
    """Where each job's run lives; a job whose corpus cannot be found is an outcome already."""
    placed, outcomes = [], {}
    known: dict[str, str | UserError] = {}
    for job in jobs:
        if job.corpus_key not in known:
            known[job.corpus_key] = _fingerprint(job, say)
        mark = known[job.corpus_key]
        if isinstance(mark, UserError):
            outcomes[job] = Outcome(job, "error", str(mark), None)
        else:
            placed.append(Placed(job, mark, job.folder(mark)))
    return placed, outcomes


def _fingerprint(job: Job, say: Say) -> str | UserError:
    try:
        return job.corpus_fingerprint(say)
    except UserError as error:
        return error


def _without_corpus(places: list[Placed], say: Say) -> dict[Job, Outcome]:
    """Encode each corpus once, here, before several processes would do it at the same time; the
    outcomes of the jobs whose corpus cannot be."""
    problems: dict[str, str | None] = {}
    for place in places:
        job = place.job
        if job.corpus_key not in problems:
            problems[job.corpus_key] = None
            try:
                job.open_corpus(say)
            except UserError as error:
                problems[job.corpus_key] = str(error)
    return {
        place.job: Outcome(place.job, "error", problem, None)
        for place in places
        if (problem := problems[place.job.corpus_key]) is not None
    }


def _run_all(places: list[Placed], say: Say) -> dict[Job, Outcome]:
    if not places:
        return {}
    config = places[0].job.config
    chosen = launcher(BESIDE_TORCHRUN if together() else config["launcher"])
    room = slots(config)
    if len(places) == 1:
        places = [replace(places[0], terminal=sys.stdout.isatty())]
    else:
        at_once = chosen.at_once(places, room)
        say(f"{len(places)} runs, {at_once or 'as many as the cluster takes'} at a time")
    progress = SweepProgress(len(places), say)
    outcomes = {}
    for outcome in chosen.run(places, room, say):
        outcomes[outcome.job] = outcome
        progress.one_more()
    return outcomes
