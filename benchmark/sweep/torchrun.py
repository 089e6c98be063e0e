"""Whether `torchrun` started this process to train one model with others; only rank 0 prints and records."""

from __future__ import annotations

from benchmark.environment import RANK, WORLD_SIZE
from benchmark.errors import UserError


def rank() -> int:
    """The number of this process among those of `torchrun`; 0 if it is alone."""
    return RANK.value


def is_distributed() -> bool:
    """Whether this process is one of several."""
    return WORLD_SIZE.value > 1


def check_one_run(runs: int) -> None:
    """Raise UserError if several processes are asked to share several runs."""
    if is_distributed() and runs > 1:
        raise UserError(
            f"torchrun trains one run at a time, and this command names {runs}: "
            "use one torchrun command for each run, or start the sweep without torchrun"
        )
