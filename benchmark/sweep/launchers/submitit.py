"""submitit: jobs for Slurm, or the same way of running them on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from benchmark.job import Say
from benchmark.sweep.isolated import End, Order, run_isolated
from benchmark.sweep.launchers.launcher import Launcher
from benchmark.sweep.launchers.lease import end_with, lease
from benchmark.sweep.launchers.submitted import Submitted, cancel, ended
from benchmark.sweep.outcome import Outcome, Placed
from benchmark.sweep.slots import Room, Slots, gpu_wanted

#: Below the results folder: what submitit writes of each job (the job, its output, its result).
FOLDER = Path("launcher") / "submitit"

#: Seconds between two looks at the jobs: those of this machine, those of a cluster.
LOOK_HERE, LOOK_AT_CLUSTER = 0.1, 2.0

Whole = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Submitit(Launcher):
    """`cluster` is local, slurm, debug (in this process) or None: Slurm where it is installed, else local.

    The other settings are Slurm's; of them `timeout_min` counts locally too. Results, corpora, code and
    Python must lie where both this machine and Slurm's see them under the same paths. Jobs of Slurm go on
    when this process is killed; the same command then waits for those that run (each run folder is locked)
    and finds what they finished.
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

    def at_once(self, places: Sequence[Placed], slots: Slots) -> int | None:
        if self._cluster() == "slurm":
            return self.array_parallelism
        return 1 if self._cluster() == "debug" else super().at_once(places, slots)

    def run(self, places: Sequence[Placed], slots: Slots, say: Say) -> Iterator[Outcome]:
        folder = (places[0].job.results_dir / FOLDER).resolve()
        say(f"submitit ({self._cluster()}) keeps its logs in {folder}")
        if self._cluster() == "slurm":
            yield from self._on_slurm(places, folder)
        else:
            yield from self._here(places, slots, folder)

    def _here(self, places: Sequence[Placed], slots: Slots, folder: Path) -> Iterator[Outcome]:
        """On this machine submitit starts all that it is given, so it is given what there are seats for."""
        executor, task = self._executor(folder), Task()
        room = Room(slots)
        unpinned = {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES")}  # submitit hides all
        waiting = list(places)
        running: list[Submitted] = []
        try:
            while waiting or running:
                for place in tuple(waiting):
                    seat = room.take(gpu_wanted(place.job.config["model"]))
                    if seat is None:
                        continue
                    waiting.remove(place)
                    holding = ExitStack()
                    held = None if self.cluster == "debug" else holding.enter_context(lease())
                    handle = executor.submit(task, place.order(**{**unpinned, **seat.environment}), held)
                    running.append(Submitted(place, handle, seat, holding))
                for job in ended(running):
                    room.give(job.seat)
                    yield job.outcome()
                time.sleep(LOOK_HERE)
        finally:
            cancel(running)

    def _on_slurm(self, places: Sequence[Placed], folder: Path) -> Iterator[Outcome]:
        """One array for jobs with equal needs."""

        def needs(place: Placed) -> tuple[int, bool]:
            config = place.job.config
            return int(config["threads"]), gpu_wanted(config["model"]) is not None

        running: list[Submitted] = []
        try:
            for (threads, gpu), group in groupby(sorted(places, key=needs), key=needs):
                alike = list(group)
                executor = self._executor(folder, **self._share(threads, gpu))
                handles = executor.map_array(Task(), [place.order() for place in alike], [None] * len(alike))
                running += [Submitted(place, handle) for place, handle in zip(alike, handles, strict=True)]
            while running:
                for job in ended(running):
                    yield job.outcome()
                time.sleep(LOOK_AT_CLUSTER)
        finally:
            cancel(running)

    def _share(self, threads: int, gpu: bool) -> dict[str, Any]:
        """What of a Slurm cluster a job gets, in submitit's words."""
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

    def _executor(self, folder: Path, **share: Any) -> Any:
        import submitit

        executor = submitit.AutoExecutor(folder=folder / "%j", cluster=self._cluster())
        executor.update_parameters(
            name="nextword", timeout_min=self.timeout_min, stderr_to_stdout=True, **share
        )
        return executor


class Task:
    """What submitit runs: a job, until its lease ends where it is of the launching machine."""

    def __call__(self, order: Order, held: str | None) -> End:
        if held is not None:
            end_with(held)
        return run_isolated(order)

    def checkpoint(self, order: Order, held: str | None) -> Any:
        """At the time limit or when it makes way for others, a job queues again: training goes on."""
        import submitit

        return submitit.helpers.DelayedSubmission(self, order, held)
