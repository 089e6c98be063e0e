"""Workers that are tasks of a Ray cluster: an existing one, or one started on this machine.

The text goes into Ray's object store in shards, and each machine fetches each shard once. Every node needs
the same version of nextword installed, and nothing else: tasks are functions of this package, called by name.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Generator
from typing import Any

import numpy as np

from baselines.ngram.counting.workers.count_part import PartCounts, PrefixRange, count_part, shards
from baselines.ngram.counting.workers.died import WorkerDied
from benchmark.errors import UserError

_SHARD = 1 << 24  # places: 64 MiB
_PATIENCE = 10  # seconds to wait for the head of a cluster
_RETRIES = 1  # of a task whose worker or node died


class RayTasks:
    """One task for each CPU of the cluster at `address` (`auto`: a running one; `local`: a new one, here).

    If the process is already connected to a cluster, that one is used.
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
                f"no Ray cluster at {self.address}: {problem}; run `ray start --head`, or use local"
            ) from error
        self.own = True

    def parts(
        self, sequence: np.ndarray, words: int, order: int, tasks: list[PrefixRange]
    ) -> Generator[PartCounts, None, None]:
        """The counts of the parts, in the order of the tasks. Raises WorkerDied if a worker dies twice."""
        ray, number = self.ray, self.number()
        begun: deque[tuple[PrefixRange, Any]] = deque()
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

    def _result(self, task: PrefixRange, reference: Any) -> PartCounts:
        try:
            part = self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            problem = " ".join(str(error).split())
            raise WorkerDied(
                f"the Ray worker that counted n-grams from {task} failed: {type(error).__name__}: {problem}"
            ) from error
        assert isinstance(part, PartCounts)
        return part


def _count(text: list[Any], task: PrefixRange, words: int, order: int) -> PartCounts:
    """Count one part, on a node. Shards are fetched one at a time."""
    ray = _ray()
    return count_part((ray.get(shard) for shard in text), task, words, order)


def _reach(address: str) -> None:
    """Raise OSError if nothing listens at HOST:PORT; Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise UserError("counting by Ray needs the ray package: pip install 'nextword[ray]'") from None
    return ray
