"""`nextword run --rerun failed,missing`: of a sweep, or of all run folders, those that did not end well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from benchmark.errors import UserError, did_you_mean
from benchmark.job import Job, Say, in_sweep
from benchmark.own_folder import without_config_dir
from benchmark.record.recorded_settings import check_programs
from benchmark.sweep.compose import INCIDENTAL, Collector
from benchmark.sweep.launch import plan_runs
from benchmark.sweep.named_sweeps import key_of
from benchmark.sweep.recorded_command import recorded_settings
from benchmark.sweep.states import RunState, folder_states, job_states
from benchmark.text import one_line

#: The statuses that each word after `--rerun` selects. A skipped run is not a failure: its reason stands
#: until a package is installed or a setting changed, so it is repeated only on request.
RERUN = {
    "failed": ("failed", "diverged"),
    "missing": ("missing", "cut off", "error"),
    "skipped": ("skipped",),
    "outdated": (),  # finished runs, chosen by what made them
}


def rerun_option(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of `--rerun A,B` (none if it is not given) and the rest of a command line."""
    return list_option("--rerun", RERUN, arguments)


def list_option(option: str, known: Collection[str], arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of `--option A,B` or `--option=A,B` (none if it is not given) and the rest of a command line.

    Raises UserError for an unknown word.
    """
    words: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        flag, equals, value = argument.partition("=")
        if flag == option:
            given = value if equals else next(waiting, "")
            if not given:
                raise UserError(f"{option} needs a value after it: {', '.join(known)}")
            words += given.split(",")
        else:
            rest.append(argument)
    for word in words:
        if word not in known:
            raise UserError(f"{option} {word} is not usable. {did_you_mean(word, known)}")
    return words, rest


def jobs_to_rerun(words: Sequence[str], arguments: Sequence[str], say: Say) -> list[Job]:
    """The jobs to repeat, of those that a command line names; of all run folders if it names none.

    Jobs of run folders are made from the commands recorded in them. `say` is told how many were found.
    Diverged and outdated runs otherwise count as finished, so they are forced. Raises UserError for a wrong
    command line.
    """
    if all(key_of(argument).partition(".")[0] in INCIDENTAL for argument in without_config_dir(arguments)):
        return _of_folders(words, arguments, say)
    jobs = in_sweep(Collector().jobs(arguments))
    states = job_states(jobs, say)
    say(_found(words, states, "runs"))
    return [
        _forced(job) if _counts_as_finished(state) else job
        for job, state in zip(jobs, states, strict=True)
        if _chosen(state, words)
    ]


def _chosen(state: RunState, words: Sequence[str]) -> bool:
    return any(state.status in RERUN[word] or (word == "outdated" and state.outdated) for word in words)


def _counts_as_finished(state: RunState) -> bool:
    return state.status == "diverged" or state.outdated is not None


def _of_folders(words: Sequence[str], how: Sequence[str], say: Say) -> list[Job]:
    collector = Collector()
    results_dir = _results_dir(how)
    states = list(folder_states(results_dir))
    say(_found(words, states, f"run folders below {results_dir}"))
    chosen: dict[Job, RunState] = {}
    for state in states:
        if _chosen(state, words):
            try:
                chosen[_recorded_job(collector, state, how)] = state
            except UserError as error:
                say(one_line(f"left out: {state.folder}: {error}"))
    jobs = in_sweep(list(chosen))
    return _with_finished_forced(jobs, list(chosen.values()), say)


def _recorded_job(collector: Collector, state: RunState, how: Sequence[str]) -> Job:
    jobs = collector.jobs([*recorded_settings(state.command, how), *how])
    if len(jobs) != 1:
        raise UserError(f"its command names {len(jobs)} runs: {state.command}")
    (job,) = jobs
    check_programs(job.config["model"])
    if (job.corpus, job.model) != (state.corpus, state.model):
        raise UserError(f"its command makes a run of {job.model} on {job.corpus}")
    return job


def _with_finished_forced(jobs: Sequence[Job], states: Sequence[RunState], say: Say) -> list[Job]:
    """Force diverged and outdated runs, except those of another version or another corpus: they are other
    runs now, in other folders."""
    runs, _ = plan_runs(jobs, say)
    folders = {run.job: run.folder for run in runs}
    pairs = list(zip(jobs, states, strict=True))
    moved = sum(job in folders and folders[job] != state.folder for job, state in pairs)
    if moved:
        say(f"{moved} of them have another run id now: a version or the corpus has changed since")
    return [
        _forced(job) if _counts_as_finished(state) and folders.get(job) == state.folder else job
        for job, state in pairs
    ]


def _forced(job: Job) -> Job:
    return replace(job, config={**job.config, "force": True})


def _results_dir(how: Sequence[str]) -> Path:
    given = [a.partition("=")[2] for a in how if key_of(a) == "results_dir"]
    return Path(given[-1] if given else "results")


def _found(words: Sequence[str], states: Sequence[RunState], among: str) -> str:
    """`3 failed, 2 missing of 40 runs; running those`."""
    counts = Counter(word for word in RERUN for state in states if _chosen(state, [word]))
    running = sum(state.status == "running" for state in states)
    now = f" ({running} running now are left alone)" if running else ""
    among = f"{len(states):,} {among}"
    parts = [f"{counts[word]:,} {word}" for word in words if counts[word]]
    if not parts:
        return f"no {' or '.join(words)} runs among {among}: nothing to do{now}"
    return f"{', '.join(parts)} of {among}; running those{now}"
