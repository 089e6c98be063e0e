"""The state of runs: of every run folder, or of the jobs of a sweep."""

from __future__ import annotations

import fcntl
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.job import Job, Say, run_title
from benchmark.record.folder import misplaced, read_result
from benchmark.record.identity import seed_of
from benchmark.record.outdated import Outdated, outdated
from benchmark.storage.reading import or_empty, read_yaml_object
from benchmark.task.tasks import main_loss, reached

#: In the order in which they are listed. `unusable`: a folder that the user must mend, since its record
#: cannot be read or belongs to another run. `error`: a job whose corpus cannot be found.
STATUSES = (
    "ok",
    "running",
    "missing",
    "cut off",
    "skipped",
    "diverged",
    "failed",
    "unusable",
    "error",
)


@dataclass(frozen=True, slots=True)
class RunState:
    """A run: its folder, whether it exists yet or not, its status, the reason if it did not end well, and the
    command that repeats it (empty if unknown). `outdated`: what made a finished one, if not what is installed
    now. `settings`: those of its model. Of one that ended well, `perplexity` on the test text, or for one of
    a `task` the `measures` of the test items."""

    status: str
    title: str
    corpus: str
    model: str
    folder: Path | None = None
    reason: str = ""
    command: str = ""
    outdated: Outdated | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    perplexity: float | None = None
    train_seconds: float | None = None
    task: str | None = None
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def reached(self) -> str:
        """What a run of a task reached on the test items, in words; empty for any other run."""
        return reached(self.task, self.measures) if self.measures else ""

    @property
    def rank(self) -> float:
        """The lower the better: the perplexity, or the main measure of a task; infinite without one."""
        value = main_loss(self.task, self.measures) if self.task else self.perplexity
        return math.inf if value is None else value


def folder_states(results_dir: Path) -> Iterator[RunState]:
    """The state of every run folder, one after the other, in path order."""
    for corpus in _folders(results_dir / "runs"):
        for model in _folders(corpus):
            yield from map(folder_state, _folders(model))


def folder_state(folder: Path) -> RunState:
    """The state of an existing run folder."""
    corpus, model = folder.parents[1].name, folder.parent.name
    try:
        result = read_result(folder)
        problem = misplaced(folder, result) if result is not None else None
    except UserError as error:
        result, problem = None, str(error)
    if problem:
        return RunState("unusable", f"{model} on {corpus}", corpus, model, folder, problem)
    if result is None or (not result.settled and is_running(folder)):  # a failed run is tried again
        return _unfinished(folder, corpus, model)
    title = run_title(result.label, corpus, result.seed, result.train_share)
    lines = (result.reason or "").splitlines()
    return RunState(
        result.status,
        title,
        corpus,
        model,
        folder,
        lines[0] if lines else "",
        result.command,
        outdated(result) if result.settled else None,
        result.model_settings or _settings(_config(folder)),
        result.test_perplexity if result.status == "ok" and result.normalised else None,
        result.train_seconds,
        result.task,
        result.test_measures if result.status == "ok" else {},
    )


def job_states(jobs: Sequence[Job], say: Say) -> list[RunState]:
    """The state of the run of every job, in their order."""
    from benchmark.sweep.launch import plan_runs

    runs, problems = plan_runs(jobs, say)
    folders = {run.job: run.folder for run in runs}
    return [
        _job_state(job, folders[job])
        if job in folders
        else RunState(
            "error", job.title, job.corpus, job.model, None, problems[job].reason or "", job.command
        )
        for job in jobs
    ]


def is_running(folder: Path) -> bool:
    """Whether a process holds the lock of this run folder now; a missing lock is not created."""
    try:
        with (folder / ".lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _job_state(job: Job, folder: Path) -> RunState:
    if not folder.is_dir():
        found = RunState("missing", job.title, job.corpus, job.model, folder)
    else:
        found = folder_state(folder)
    return replace(
        found,
        title=job.title,
        corpus=job.corpus,
        model=job.model,
        command=job.command,
        settings=job.config["model"],
    )


def _unfinished(folder: Path, corpus: str, model: str) -> RunState:
    config = _config(folder)
    settings = _settings(config)
    title = run_title(str(settings.get("label") or model), corpus, seed_of(settings))
    command = str(config.get("command", ""))
    status = "running" if is_running(folder) else "cut off"
    reason = "" if status == "running" else "its process ended before the run did"
    return RunState(status, title, corpus, model, folder, reason, command, settings=settings)


def _settings(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of the model in a run's configuration."""
    settings = config.get("model")
    return settings if isinstance(settings, dict) else {}


def _config(folder: Path) -> Mapping[str, Any]:
    """The configuration that an unfinished run has written; empty if it cannot be read."""
    return or_empty(lambda: read_yaml_object(folder / "config.yaml"))


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []
