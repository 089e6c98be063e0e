"""How many jobs may run at the same time: CPU cores for all of them, GPUs for those that use one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from benchmark.settings import visible_gpus, workers

#: Requested by a job that takes whichever GPU is free; a particular GPU is requested by its number.
ANY_GPU = "any"


@dataclass(frozen=True)
class Capacity:
    """At most `max_concurrent` jobs at once, at most `per_gpu` of them on each of `gpus`.

    GPUs are named as in `CUDA_VISIBLE_DEVICES`.
    """

    max_concurrent: int
    gpus: tuple[str, ...] = ()
    per_gpu: int = 1

    def concurrent_runs(self, models: Sequence[Mapping[str, Any]]) -> int:
        """How many of these models can run at the same time."""
        on_gpu = sum(requested_gpu(model) is not None for model in models) if self.gpus else 0
        fitting = len(models) - on_gpu + min(on_gpu, len(self.gpus) * self.per_gpu)
        return min(self.max_concurrent, fitting)


def capacity_of(config: Mapping[str, Any]) -> Capacity:
    """The capacity of this machine: `workers=auto` puts one job on each GPU, a number shares the GPUs."""
    gpus, max_concurrent = visible_gpus(), workers(config)
    shared = config["workers"] != "auto" and len(gpus) > 0
    return Capacity(max_concurrent, gpus, max(1, ceil(max_concurrent / len(gpus))) if shared else 1)


def requested_gpu(model: Mapping[str, Any]) -> str | None:
    """The GPU that a model's settings request: ANY_GPU, a number (`device=cuda:1`), or None.

    A model without a `device` runs on the CPU, as most n-gram models do. A model made of others requests what
    the first of them with a device requests.
    """
    device = _device(model)
    if device is None or device == "cpu":
        return None
    return device.partition(":")[2] or ANY_GPU


def _device(model: Mapping[str, Any]) -> str | None:
    if isinstance(model.get("device"), str):
        return str(model["device"])
    inner = (_device(value) for value in model.values() if isinstance(value, Mapping))
    return next((device for device in inner if device not in (None, "cpu")), None)


@dataclass(frozen=True)
class Allocation:
    """A job's share of the machine: the GPU it occupies, if any; `pinned` hides all others from it."""

    gpu: str | None = None
    pinned: bool = False

    @property
    def environment(self) -> dict[str, str | None]:
        """Variables that pin the job's process to its GPU before torch looks for devices."""
        return {"CUDA_VISIBLE_DEVICES": self.gpu} if self.pinned else {}


class Allocator:
    """Hands out shares of a capacity and takes them back."""

    def __init__(self, capacity: Capacity) -> None:
        self._capacity, self._taken = capacity, 0
        self._on_gpu: Counter[str] = Counter()

    def acquire(self, requested: str | None) -> Allocation | None:
        """A share for a job that requests a GPU or none (see `requested_gpu`); None while all are taken.

        Where the requested GPU does not exist, the job gets a core: it runs there, or reports itself what
        it lacks.
        """
        if self._taken >= self._capacity.max_concurrent:
            return None
        allocation = Allocation()
        if candidates := self._candidates(requested):
            free = [gpu for gpu in candidates if self._on_gpu[gpu] < self._capacity.per_gpu]
            if not free:
                return None
            allocation = Allocation(min(free, key=lambda gpu: self._on_gpu[gpu]), pinned=requested == ANY_GPU)
            self._on_gpu[str(allocation.gpu)] += 1
        self._taken += 1
        return allocation

    def release(self, allocation: Allocation) -> None:
        """Take back the share of a job that has ended."""
        self._taken -= 1
        if allocation.gpu is not None:
            self._on_gpu[allocation.gpu] -= 1

    def _candidates(self, requested: str | None) -> tuple[str, ...]:
        gpus = self._capacity.gpus
        if requested is None or requested == ANY_GPU:
            return gpus if requested else ()
        number = int(requested) if requested.isdecimal() else len(gpus)
        return gpus[number : number + 1]
