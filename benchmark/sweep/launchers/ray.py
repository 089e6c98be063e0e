"""Ray: an existing cluster, or one on this machine that lasts as long as the sweep."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field

from benchmark.console.signals import hidden_from_children, kept_handlers
from benchmark.errors import UserError
from benchmark.sweep.capacity import Allocation, Capacity, requested_gpu
from benchmark.sweep.launchers.launcher import Launcher
from benchmark.sweep.launchers.local_pool import DeferredOutcome, run_with_capacity
from benchmark.sweep.launchers.remote import (
    RemoteJob,
    RemoteReceiver,
    remote_job,
    results_folder_mark,
    run_remote_job,
)
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcome, Outcomes, PlannedRun, outcome_from_exit, outcome_of_lost_worker
from benchmark.sweep.subprocess_run import WorkerExit

#: Jobs handed to a cluster at a time where `workers=auto`: enough for it to grow by, few enough threads.
MOST_AT_ONCE = 256

#: Bytes of shared memory for a cluster on this machine, which passes on lines but no files.
OBJECT_STORE = 128 << 20


@dataclass(frozen=True)
class Ray(Launcher):
    """`address` is None (a cluster on this machine, ended with the sweep), auto, or a host and port.

    A job takes `threads` CPUs, and a GPU if it uses one and the cluster has any; Ray chooses which.
    """

    package: ClassVar = "ray"

    address: Annotated[str, Field(min_length=1)] | None

    def max_concurrent(self, runs: Sequence[PlannedRun], capacity: Capacity) -> int | None:
        return super().max_concurrent(runs, capacity) if self.address is None else _asked(runs)

    def run(self, runs: Sequence[PlannedRun], capacity: Capacity, monitor: Monitor) -> Outcomes:
        threads = max(int(run.job.config["threads"]) for run in runs)
        max_concurrent = self.max_concurrent(runs, capacity) or MOST_AT_ONCE
        mark = results_folder_mark(runs[0].job.results_dir)
        with _connected(self.address, capacity.max_concurrent * threads, len(capacity.gpus)):
            import ray

            gpus = ray.cluster_resources().get("GPU", 0)
            _check_fits(threads)
            refs: set[Any] = set()

            def start(run: PlannedRun, allocation: Allocation) -> DeferredOutcome:
                uses_gpu = gpus > 0 and requested_gpu(run.job.config["model"]) is not None
                return _through_ray(run, remote_job(run, mark), uses_gpu, refs, monitor)

            def stop() -> None:
                for ref in list(refs):
                    ray.cancel(ref, force=True)

            # Ray hands out the GPUs; only the number of jobs is limited here
            yield from run_with_capacity(
                runs, replace(capacity, max_concurrent=max_concurrent, gpus=()), start, stop, monitor
            )


def _through_ray(
    run: PlannedRun, job: RemoteJob, uses_gpu: bool, refs: set[Any], monitor: Monitor
) -> DeferredOutcome:
    import ray

    task = ray.remote(run_remote_job).options(
        num_cpus=int(run.job.config["threads"]),
        num_gpus=int(uses_gpu),
        num_returns="streaming",
        max_retries=0,
        name=run.job.title,
    )
    stream: Any = task.remote(job)
    refs.add(stream)
    receiver = RemoteReceiver(run, monitor)
    try:
        for ref in stream:
            item = ray.get(ref)
            if isinstance(item, WorkerExit):
                receiver.commit()
                return partial(outcome_from_exit, run, item)
            receiver.receive(item)
        return partial(outcome_of_lost_worker, run, "Ray ended its task without a result")
    except ray.exceptions.WorkerCrashedError:
        return partial(
            outcome_of_lost_worker,
            run,
            "the Ray process that ran it was killed, as the system does when memory runs out",
        )
    except ray.exceptions.RayError as error:
        return partial(outcome_of_lost_worker, run, f"Ray lost the process that ran it: {_first_line(error)}")
    except UserError as error:
        return partial(Outcome, run.job, "error", str(error), None)
    finally:
        receiver.discard()
        refs.discard(stream)


@contextmanager
def _connected(address: str | None, cpus: int, gpus: int) -> Iterator[None]:
    """A connection to a cluster; a cluster started here ends with the block."""
    # Ray reads these when it is imported. Jobs without a GPU of their own still see all devices.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None:  # its servers listen on the loopback address only, as they do on other systems
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    import ray

    local: dict[str, Any] = {
        "num_cpus": cpus,
        "num_gpus": gpus,
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE,
        "_node_ip_address": "127.0.0.1",
    }
    try:
        with kept_handlers(), hidden_from_children():  # Ray has a handler of its own for SIGTERM
            ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                **({} if address else local),
            )
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        if address is None:
            raise UserError(f"Ray cannot start a cluster on this machine: {_first_line(error)}") from error
        raise UserError(
            f"launcher.address={address} cannot be reached: {_first_line(error)}; a cluster that asks for a "
            "token takes it from RAY_AUTH_TOKEN or ~/.ray/auth_token (ray get-auth-token)"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_fits(threads: int) -> None:
    """Raise UserError if no machine is large enough: Ray would wait forever for one."""
    import ray

    most = max((node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]), default=0)
    if threads > most:
        raise UserError(f"threads={threads} is more than any machine of the Ray cluster has ({most:.0f})")


def _asked(runs: Sequence[PlannedRun]) -> int | None:
    """`workers` if it is a number; otherwise the cluster takes what it can."""
    asked = runs[0].job.config["workers"]
    return None if asked == "auto" else int(asked)


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
