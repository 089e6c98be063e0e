"""Who counts: the environment variable NEXTWORD_COUNTING."""

from __future__ import annotations

import os

from baselines.ngram.counting.workers.merge import Workers
from baselines.ngram.counting.workers.processes import Processes
from benchmark.errors import UserError


def workers_from_environment() -> Workers | None:
    """What NEXTWORD_COUNTING says: `processes:2`, `ray`, `ray:auto`, `ray:ADDRESS`; None where it is unset.

    Raises UserError where it says anything else, or where Ray or its cluster is not there.
    """
    said = os.environ.get("NEXTWORD_COUNTING", "")
    kind, _, detail = said.partition(":")
    if kind == "ray":
        return ray_tasks(detail or None)
    if kind == "processes":
        return processes(detail, "NEXTWORD_COUNTING=processes:")
    if said:
        raise UserError(
            f"NEXTWORD_COUNTING={said} is not usable: "
            "give processes:N, ray, ray:auto or ray:ADDRESS, or leave it unset"
        )
    return None


def processes(said: str, name: str) -> Workers:
    """So many processes. Raises UserError that begins with `name` where `said` is no number of them."""
    if not said.isdecimal() or not int(said):
        raise UserError(f"{name}{said} is not usable: give how many processes, a whole number from 1")
    return Processes(int(said))


def ray_tasks(address: str | None) -> Workers:
    """Tasks of the Ray cluster at `address`; None or `local`: of one made for this on this machine."""
    from baselines.ngram.counting.workers.ray_tasks import RayTasks

    return RayTasks(address or "local")
