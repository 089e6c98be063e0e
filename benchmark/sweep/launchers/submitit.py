"""submitit: jobs on a Slurm cluster, or run the same way on this machine."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from benchmark.console.output import steady_output
from benchmark.console.signals import hidden_from_children
from benchmark.errors import UserError
from benchmark.record.links import refuse_link
from benchmark.record.progress import Progress
from benchmark.sweep.capacity import Allocator, Capacity, requested_gpu
from benchmark.sweep.launchers.launcher import Launcher
from benchmark.sweep.launchers.lease import exit_with_lease, held_lease
from benchmark.sweep.launchers.submitit_job import SubmittedJob, cancel, take_finished
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcomes, PlannedRun
from benchmark.sweep.subprocess_run import OutputLine, WorkerExit, WorkerRequest, run_in_subprocess

#: Below the results folder: submitit's files for each job (the job, its output, its result).
FOLDER = Path("launcher") / "submitit"

#: Seconds between two polls of the jobs, on this machine and on a cluster.
LOOK_HERE, LOOK_AT_CLUSTER = 0.1, 2.0

Whole = Annotated[int, Field(ge=1)]


def _own_folder(results_dir: Path) -> Path:
    """A folder that was not there before: submitit unpickles the results that it finds in it."""
    folder = results_dir / FOLDER
    for place in (folder.parent, folder):
        refuse_link(place)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{datetime.now():%Y-%m-%d-}", dir=folder)).resolve()
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}") from error


@dataclass(frozen=True)
class Submitit(Launcher):
    """`cluster` is local, slurm, debug (in this process) or None: Slurm where it is installed, else local.

    The other settings are Slurm's; `timeout_min` applies locally too. Results, corpora, code and Python
    must be visible to this machine and to Slurm's under the same paths. Slurm jobs continue when this
    process is killed; the same command then waits for those still running (each run folder is locked) and
    finds what they have finished.
    """

    package: ClassVar = "submitit"

    cluster: Literal["local", "slurm", "debug"] | None
    partition: str | None
    timeout_min: Whole
    mem_gb: Annotated[float, Field(gt=0)] | None
    cpus_per_task: Whole | None
    gpus_per_node: Annotated[int, Field(ge=0)] | None
    array_parallelism: Whole | None
    setup: list[str]
    additional_parameters: dict[str, Any]

    def max_concurrent(self, runs: Sequence[PlannedRun], capacity: Capacity) -> int | None:
        if self._cluster() == "slurm":
            return self.array_parallelism
        return 1 if self._cluster() == "debug" else super().max_concurrent(runs, capacity)

    def run(self, runs: Sequence[PlannedRun], capacity: Capacity, monitor: Monitor) -> Outcomes:
        folder = _own_folder(runs[0].job.results_dir)
        monitor.say(f"submitit ({self._cluster()}) keeps its logs in {folder}")
        if self._cluster() == "slurm":
            yield from self._run_on_slurm(runs, folder, monitor)
        else:
            yield from self._run_locally(runs, capacity, folder, monitor)

    def _run_locally(
        self, runs: Sequence[PlannedRun], capacity: Capacity, folder: Path, monitor: Monitor
    ) -> Outcomes:
        """submitit starts every job at once on this machine, so jobs are submitted as room becomes free."""
        executor, task = self._executor(folder), Task(tells=self.cluster != "debug")
        allocator = Allocator(capacity)
        unpinned = {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES")}  # submitit would hide all
        waiting = list(runs)
        running: list[SubmittedJob] = []
        try:
            while waiting or running:
                for run in tuple(waiting):
                    allocation = allocator.acquire(requested_gpu(run.job.config["model"]))
                    if allocation is None:
                        continue
                    waiting.remove(run)
                    monitor.started(run)
                    resources = ExitStack()
                    lease = None if self.cluster == "debug" else resources.enter_context(held_lease())
                    request = run.request(**{**unpinned, **allocation.environment})
                    with hidden_from_children():
                        handle = executor.submit(task, request, lease)
                    running.append(SubmittedJob(run, handle, monitor, allocation, resources))
                for job in take_finished(running):
                    allocator.release(job.allocation)
                    yield job.outcome()
                time.sleep(LOOK_HERE)
        finally:
            cancel(running)

    def _run_on_slurm(self, runs: Sequence[PlannedRun], folder: Path, monitor: Monitor) -> Outcomes:
        """Submit one array for each group of jobs with the same needs."""

        def needs(run: PlannedRun) -> tuple[int, bool]:
            config = run.job.config
            return int(config["threads"]), requested_gpu(config["model"]) is not None

        running: list[SubmittedJob] = []
        try:
            for (threads, gpu), group in groupby(sorted(runs, key=needs), key=needs):
                alike = list(group)
                executor = self._executor(folder, **self._slurm_resources(threads, gpu))
                handles = executor.map_array(Task(), [run.request() for run in alike], [None] * len(alike))
                running += [
                    SubmittedJob(run, handle, monitor) for run, handle in zip(alike, handles, strict=True)
                ]
            while running:
                for job in take_finished(running):
                    yield job.outcome()
                time.sleep(LOOK_AT_CLUSTER)
        finally:
            cancel(running)

    def _slurm_resources(self, threads: int, gpu: bool) -> dict[str, Any]:
        """The resources a job asks Slurm for, as submitit's parameters."""
        gpus = 1 if self.gpus_per_node is None else self.gpus_per_node
        chosen = {
            "cpus_per_task": self.cpus_per_task or threads,
            "gpus_per_node": (gpus or None) if gpu else None,
            "mem_gb": self.mem_gb,
            "slurm_partition": self.partition,
            "slurm_array_parallelism": self.array_parallelism,
            "slurm_setup": self.setup or None,
            "slurm_additional_parameters": self.additional_parameters or None,
        }
        return {key: value for key, value in chosen.items() if value is not None}

    def _cluster(self) -> str:
        import submitit

        return self.cluster or str(submitit.AutoExecutor.which())

    def _executor(self, folder: Path, **resources: Any) -> Any:
        import submitit

        executor = submitit.AutoExecutor(folder=folder / "%j", cluster=self._cluster())
        executor.update_parameters(
            name="nextword", timeout_min=self.timeout_min, stderr_to_stdout=True, **resources
        )
        return executor


class Task:
    """What submitit runs: a job that, on the launching machine, ends with the launcher's lease."""

    def __init__(self, tells: bool = True) -> None:
        #: Whether its output is read by the launching process, which shows its progress.
        self._tells = tells

    def __call__(self, request: WorkerRequest, lease: str | None) -> WorkerExit:
        if lease is not None:
            exit_with_lease(lease)
        with steady_output(encoding="utf-8"):  # into submitit's file
            return run_in_subprocess(request, self._print)

    def _print(self, line: OutputLine) -> None:
        if self._tells or Progress.from_line(line.text) is None:
            print(line.text, flush=True)

    def checkpoint(self, request: WorkerRequest, lease: str | None) -> Any:
        """Queue the job again when it hits its time limit or is preempted: its training continues."""
        import submitit

        return submitit.helpers.DelayedSubmission(self, request, lease)
