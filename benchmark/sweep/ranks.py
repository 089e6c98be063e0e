"""Processes that `torchrun` started to train one model together; only that of rank 0 speaks and records."""

from __future__ import annotations

import os

from benchmark.errors import UserError


def rank() -> int:
    """The number of this process among them, 0 if it is alone."""
    return int(os.environ.get("RANK", "0"))


def together() -> bool:
    """Is this process one of several?"""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def check_one_run(runs: int) -> None:
    """Raise UserError where several processes are to share several runs."""
    if together() and runs > 1:
        raise UserError(
            f"torchrun's processes train one run together, and these are {runs}: "
            "start one torchrun a run, or a sweep without torchrun"
        )
