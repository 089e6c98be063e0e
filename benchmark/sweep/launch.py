"""Runs jobs, each in a process of its own, several at once; what ends badly is a row, not the end.

A process a run gives each its own memory peak and thread count, and lets one that is killed take
nothing with it. On a CPU one job a core with one thread each beats a few threads in turn.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from benchmark.errors import ERROR_MARK, UserError
from benchmark.job import Job, Say, settled
from benchmark.record.folder import read_result
from benchmark.run import failed
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
class _Placed:
    job: Job
    fingerprint: str
    folder: Path


def launch(jobs: Sequence[Job], *, workers: int, say: Say) -> list[Outcome]:
    """Bring every job to its end; finished ones are not repeated. Outcomes in the order of the jobs."""
    placed, outcomes = locate(jobs, say)
    waiting: dict[Path, list[_Placed]] = {}  # jobs that name the same run (a seed that changes nothing)
    for place in placed:
        earlier = None if place.job.config["force"] else settled(place.folder)
        if earlier is not None:
            outcomes[place.job] = _outcome(place, earlier, earlier_run=True)
        else:
            waiting.setdefault(place.folder, []).append(place)
    outcomes |= _without_corpus([places[0] for places in waiting.values()], say)
    ready = [places[0] for places in waiting.values() if places[0].job not in outcomes]
    outcomes |= _run_all(ready, workers)
    for first, *others in waiting.values():
        for other in others:
            outcomes[other.job] = replace(outcomes[first.job], job=other.job)
    return [outcomes[job] for job in jobs]


def locate(jobs: Sequence[Job], say: Say) -> tuple[list[_Placed], dict[Job, Outcome]]:
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
            placed.append(_Placed(job, mark, job.folder(mark)))
    return placed, outcomes


def _fingerprint(job: Job, say: Say) -> str | UserError:
    try:
        return job.corpus_fingerprint(say)
    except UserError as error:
        return error


def _without_corpus(places: list[_Placed], say: Say) -> dict[Job, Outcome]:
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


def _run_all(places: list[_Placed], workers: int) -> dict[Job, Outcome]:
    terminal = len(places) == 1 and sys.stdout.isatty()
    running: set[subprocess.Popen[bytes]] = set()
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        try:
            ends = list(pool.map(lambda place: _run_one(place, terminal, running), places))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                process.terminate()
            raise
    return {end.job: end for end in ends}


def _run_one(place: _Placed, terminal: bool, running: set[subprocess.Popen[bytes]]) -> Outcome:
    job = place.job
    order = {"config": job.config, "command": job.command, "terminal": terminal}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmark.sweep.worker"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(int(job.config["threads"])),
    )
    running.add(process)
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.flush()
    words = list(_forwarded(process.stderr))
    status = process.wait()
    process.stdin.close()
    running.discard(process)
    if status == 2:
        return Outcome(job, "error", _last_words(words), None)
    if rank() and status == 0:  # the record is written by the process of rank 0, later
        return Outcome(job, "ok", None, place.folder)
    try:
        record = read_result(place.folder)
        if status != 0 or record is None:
            record = failed(job, place.fingerprint, _how_it_died(status, words))
    except UserError as error:
        return Outcome(job, "error", str(error), None)
    return _outcome(place, record)


def _forwarded(stream: IO[bytes]) -> Iterator[str]:
    """The lines of a process's standard error, shown as they come; its own last word is kept for the
    summary."""
    for raw in stream:
        line = raw.decode(errors="replace").rstrip()
        if not line.startswith(ERROR_MARK):
            print(line, file=sys.stderr, flush=True)
        yield line


def _outcome(place: _Placed, record: dict[str, Any], *, earlier_run: bool = False) -> Outcome:
    return Outcome(
        place.job, record.get("status", "failed"), record.get("reason"), place.folder, earlier=earlier_run
    )


def _how_it_died(status: int, words: list[str]) -> str:
    if status < 0:
        name = signal.Signals(-status).name
        hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    return _last_words(words) or f"its process ended with status {status} and no record"


def _last_words(words: list[str]) -> str:
    spoken = [line for line in words if line.strip()]
    return spoken[-1].removeprefix(ERROR_MARK) if spoken else ""


def _environment(threads: int) -> dict[str, str]:
    """Thread counts must be set before NumPy and torch are imported."""
    counts = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    return {**os.environ, **counts, "PYTHONUNBUFFERED": "1"}
