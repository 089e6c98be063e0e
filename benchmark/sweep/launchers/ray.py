"""Ray: a cluster that is there already, or one of this machine for the time of a sweep."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field

from benchmark.errors import UserError
from benchmark.job import Say
from benchmark.sweep.isolated import End
from benchmark.sweep.launchers.elsewhere import Errand, Received, errand, results_mark, run_errand
from benchmark.sweep.launchers.in_seats import Conclusion, in_seats
from benchmark.sweep.launchers.launcher import Launcher
from benchmark.sweep.outcome import Outcome, Placed, concluded, lost
from benchmark.sweep.slots import Seat, Slots, gpu_wanted

#: Jobs handed to a cluster at a time where `workers=auto`: enough for it to grow by, few enough threads.
MOST_AT_ONCE = 256

#: Bytes of shared memory for what a cluster of this machine hands over: lines, and no files.
OBJECT_STORE = 128 << 20


@dataclass(frozen=True)
class Ray(Launcher):
    """`address` is None (a cluster of this machine, ended with the sweep), auto, or a host and port.

    A job takes `threads` CPUs, and a GPU if it uses one and the cluster has any; Ray says which.
    """

    package: ClassVar = "ray"

    address: Annotated[str, Field(min_length=1)] | None

    def at_once(self, places: Sequence[Placed], slots: Slots) -> int | None:
        return super().at_once(places, slots) if self.address is None else _asked(places)

    def run(self, places: Sequence[Placed], slots: Slots, say: Say) -> Iterator[Outcome]:
        threads = max(int(place.job.config["threads"]) for place in places)
        at_once = self.at_once(places, slots) or MOST_AT_ONCE
        mark = results_mark(places[0].job.results_dir)
        with _connected(self.address, slots.at_once * threads, len(slots.gpus)):
            import ray

            gpus = ray.cluster_resources().get("GPU", 0)
            _check_fits(threads)
            refs: set[Any] = set()

            def one(place: Placed, seat: Seat) -> Conclusion:
                uses_gpu = gpus > 0 and gpu_wanted(place.job.config["model"]) is not None
                return _through_ray(place, errand(place, mark), uses_gpu, refs)

            def stop() -> None:
                for ref in list(refs):
                    ray.cancel(ref, force=True)

            # Ray gives out the GPUs, so here a job is one of `at_once` and no more
            yield from in_seats(places, replace(slots, at_once=at_once, gpus=()), one, stop)


def _through_ray(place: Placed, sent: Errand, uses_gpu: bool, refs: set[Any]) -> Conclusion:
    import ray

    task = ray.remote(run_errand).options(
        num_cpus=int(place.job.config["threads"]),
        num_gpus=int(uses_gpu),
        num_returns="streaming",
        max_retries=0,
        name=place.job.title,
    )
    said: Any = task.remote(sent)
    refs.add(said)
    received = Received(place)
    try:
        for ref in said:
            item = ray.get(ref)
            if isinstance(item, End):
                received.settle()
                return partial(concluded, place, item)
            received.take(item)
        return partial(lost, place, "Ray ended its task without a word")
    except ray.exceptions.WorkerCrashedError:
        return partial(
            lost, place, "the Ray process that ran it was killed, as the system does when memory runs out"
        )
    except ray.exceptions.RayError as error:
        return partial(lost, place, f"Ray lost the process that ran it: {_first_line(error)}")
    except UserError as error:
        return partial(Outcome, place.job, "error", str(error), None)
    finally:
        received.drop()
        refs.discard(said)


@contextmanager
def _connected(address: str | None, cpus: int, gpus: int) -> Iterator[None]:
    """A connection to a cluster; one that is started here ends with the block."""
    # Ray reads these when it is imported. Jobs without a GPU of their own are left to see what there is.
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
    """Ray would wait for ever for a machine that is large enough."""
    import ray

    most = max((node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]), default=0)
    if threads > most:
        raise UserError(f"threads={threads} is more than any machine of the Ray cluster has ({most:.0f})")


def _asked(places: Sequence[Placed]) -> int | None:
    """`workers` where it is a number: a cluster takes what it can otherwise."""
    asked = places[0].job.config["workers"]
    return None if asked == "auto" else int(asked)


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
