"""Timing for studies: tasks in turn, so that what else the machine does meets all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from benchmark import text
from benchmark.record.provenance import device_name

Name = TypeVar("Name")


def interleaved(tasks: Mapping[Name, Callable[[], float]], repetitions: int) -> dict[Name, list[float]]:
    """What every task gives, `repetitions` times over, all tasks once in each round.

    A round before them warms up and is left out.
    """
    rounds = [{name: task() for name, task in tasks.items()} for _ in range(repetitions + 1)]
    return {name: [found[name] for found in rounds[1:]] for name in tasks}


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Lets torch compute with so many threads of the CPU."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def machine(device: str, threads: int) -> str:
    """What was timed on, such as `Intel Xeon, 1 thread`."""
    name = device_name(device)
    return name if device.startswith("cuda") else f"{name}, {text.plural(threads, 'thread')}"
