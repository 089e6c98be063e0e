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
    if kind == "processes" and detail.isdecimal() and int(detail):
        return Processes(int(detail))
    if said:
        raise UserError(
            f"NEXTWORD_COUNTING={said} is not usable: "
            "give processes:N, ray, ray:auto or ray:ADDRESS, or leave it unset"
        )
    return None


def ray_tasks(address: str | None) -> Workers:
    """Tasks of the Ray cluster at `address`, or of one on this machine for None."""
    from baselines.ngram.counting.workers.ray_tasks import RayTasks

    return RayTasks(address)
