"""Room for jobs that run at the same time: cores for all, and GPUs for those that use one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from benchmark.settings import visible_gpus, workers

#: What a job asks for that takes whichever GPU is free; another one is named by its number.
ANY_GPU = "any"


@dataclass(frozen=True)
class Slots:
    """`at_once` jobs together, of which as many use a GPU as `per_gpu` on each of `gpus` (named as in
    `CUDA_VISIBLE_DEVICES`)."""

    at_once: int
    gpus: tuple[str, ...] = ()
    per_gpu: int = 1

    def filled_by(self, models: Sequence[Mapping[str, Any]]) -> int:
        """How many of these models can run at the same time."""
        on_gpu = sum(gpu_wanted(model) is not None for model in models) if self.gpus else 0
        seats = len(models) - on_gpu + min(on_gpu, len(self.gpus) * self.per_gpu)
        return min(self.at_once, seats)


def slots(config: Mapping[str, Any]) -> Slots:
    """The room that the settings give: `workers=auto` puts one job on each GPU, a number shares them."""
    gpus, at_once = visible_gpus(), workers(config)
    shared = config["workers"] != "auto" and len(gpus) > 0
    return Slots(at_once, gpus, max(1, ceil(at_once / len(gpus))) if shared else 1)


def gpu_wanted(model: Mapping[str, Any]) -> str | None:
    """What a model's settings ask for: ANY_GPU, the number of one (`device=cuda:1`), or None.

    A model without a `device` is counted and computes on the CPU; one that is made of others asks for
    what the first of them with a device asks for.
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
class Seat:
    """Where a job runs: `gpu` is the one it occupies, `pinned` says that it is to see no other."""

    gpu: str | None = None
    pinned: bool = False

    @property
    def environment(self) -> dict[str, str | None]:
        """Variables that pin the job's process to its GPU, before torch looks for devices."""
        return {"CUDA_VISIBLE_DEVICES": self.gpu} if self.pinned else {}


class Room:
    """Hands out seats and takes them back."""

    def __init__(self, slots: Slots) -> None:
        self._slots, self._taken = slots, 0
        self._on_gpu: Counter[str] = Counter()

    def take(self, wanted: str | None) -> Seat | None:
        """A seat for a job that wants `wanted` (see `gpu_wanted`), or None until one is given back.

        On a machine without the GPU that is asked for the job takes a core: it computes there, or says
        itself what it lacks.
        """
        if self._taken >= self._slots.at_once:
            return None
        seat = Seat()
        if offered := self._offered(wanted):
            free = [gpu for gpu in offered if self._on_gpu[gpu] < self._slots.per_gpu]
            if not free:
                return None
            seat = Seat(min(free, key=lambda gpu: self._on_gpu[gpu]), pinned=wanted == ANY_GPU)
            self._on_gpu[str(seat.gpu)] += 1
        self._taken += 1
        return seat

    def give(self, seat: Seat) -> None:
        """The job of this seat has ended."""
        self._taken -= 1
        if seat.gpu is not None:
            self._on_gpu[seat.gpu] -= 1

    def _offered(self, wanted: str | None) -> tuple[str, ...]:
        gpus = self._slots.gpus
        if wanted is None or wanted == ANY_GPU:
            return gpus if wanted else ()
        number = int(wanted) if wanted.isdecimal() else len(gpus)
        return gpus[number : number + 1]
