"""Who counts: the environment variable NEXTWORD_COUNTING."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.environment import COUNTING
from benchmark.errors import UserError

if TYPE_CHECKING:
    from baselines.ngram.counting.workers.merge import Workers


def workers_from_environment() -> Workers | None:
    """The workers of NEXTWORD_COUNTING (`processes:2`, `ray`, `ray:auto`, `ray:ADDRESS`), None if unset.

    Raises UserError if it has another value, or if Ray or its cluster is missing.
    """
    kind, _, detail = COUNTING.value.partition(":")
    if kind == "ray":
        return ray_tasks(detail or None)
    return processes(detail, f"{COUNTING.name}=") if kind == "processes" else None


def processes(said: str, name: str) -> Workers:
    """As many processes as `said`. Raises UserError, beginning with `name`, if that is no such number."""
    if not said.isdecimal() or not int(said):
        raise UserError(f"{name}{said} is not usable: give the number of processes, a whole number from 1")
    from baselines.ngram.counting.workers.processes import Processes

    return Processes(int(said))


def ray_tasks(address: str | None) -> Workers:
    """Tasks of the Ray cluster at `address`; None or `local`: of a new cluster on this machine."""
    from baselines.ngram.counting.workers.ray_tasks import RayTasks

    return RayTasks(address or "local")
