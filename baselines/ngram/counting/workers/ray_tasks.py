"""Workers that are tasks of a Ray cluster: an existing one, or one started on this machine for the purpose.

The text goes into Ray's object store in shards, from where each machine gets each shard once. Every node
needs the same nextword installed, and nothing else: tasks are this package's functions, called by name.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Generator
from typing import Any

import numpy as np

from baselines.ngram.counting.workers.merge import WorkerDied
from baselines.ngram.counting.workers.part import Beginnings, Part, count_part, shards
from benchmark.errors import UserError

_SHARD = 1 << 24  # places: 64 MiB
_PATIENCE = 10  # seconds for the head of a cluster to answer
_RETRIES = 1  # of a task whose worker or node died


class RayTasks:
    """A task a CPU of the cluster at `address` (`auto`: one that runs here; `local`: one made for this).

    Where the process is connected to a cluster already, that one is used.
    """

    def __init__(self, address: str) -> None:
        self.ray = _ray()
        self.address = address
        self.own = False

    def number(self) -> int:
        if not self.ray.is_initialized():
            self._connect()
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)))

    def _connect(self) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self.address == "local":
            options["include_dashboard"] = False
        try:
            _reach(self.address)
            self.ray.init(address=self.address, **options)
        except (OSError, ValueError, RuntimeError, self.ray.exceptions.RayError) as error:
            problem = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise UserError(
                f"no Ray cluster at {self.address}: {problem}; start one by `ray start --head`, or say local"
            ) from error
        self.own = True

    def parts(
        self, sequence: np.ndarray, words: int, order: int, tasks: list[Beginnings]
    ) -> Generator[Part, None, None]:
        """The parts in the order of the tasks. Raises WorkerDied where a worker dies twice."""
        ray, number = self.ray, self.number()
        begun: deque[tuple[Beginnings, Any]] = deque()
        try:
            text = [ray.put(shard) for shard in shards(sequence, words, order, _SHARD)]
            count = ray.remote(num_cpus=1, max_retries=_RETRIES)(_count)
            for task in tasks:
                begun.append((task, count.remote(text, task, words, order)))
                if len(begun) > number:
                    yield self._result(*begun.popleft())
            while begun:
                yield self._result(*begun.popleft())
        finally:
            for _, reference in begun:
                ray.cancel(reference)
            if self.own:
                ray.shutdown()

    def _result(self, task: Beginnings, reference: Any) -> Part:
        try:
            part = self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            problem = " ".join(str(error).split())
            raise WorkerDied(
                f"the Ray worker that counted n-grams from {task} failed: {type(error).__name__}: {problem}"
            ) from error
        assert isinstance(part, Part)
        return part


def _count(text: list[Any], task: Beginnings, words: int, order: int) -> Part:
    """One part, on a node: shards are fetched one at a time."""
    ray = _ray()
    return count_part((ray.get(shard) for shard in text), task, words, order)


def _reach(address: str) -> None:
    """Raises OSError where nothing listens at HOST:PORT, for which Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise UserError("counting by Ray needs the ray package: pip install 'nextword[ray]'") from None
    return ray
