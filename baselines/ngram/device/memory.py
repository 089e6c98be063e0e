"""The memory of a device: whether a text's tables fit, how much of it to sort at once, how much was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from baselines.ngram.sorting.arrays import TorchArrays
from baselines.ngram.sorting.storage import memory_budget

if TYPE_CHECKING:
    from baselines.ngram.estimation.discounts import Log

# Bytes, upper bounds. Counting keeps an n-gram's key, count, place and suffix; estimating its key, counts,
# suffix, probability and weight, and works on one order at a time.
_COUNTED, _ESTIMATED, _ORDER, _TEXT, _PLACE = 20, 32, 96, 16, 250
_SMALLEST = 1 << 16  # never fewer places at once
_USABLE = 0.9  # of what is free: the rest is lost between blocks


def free_bytes(device: str) -> int:
    """Memory that is free on a device; for `cpu`, the budget of counting."""
    if torch.device(device).type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return memory_budget()


def places_that_fit(tokens: int, order: int, free: int, log: Log) -> int | None:
    """How many places of a text to sort at once (see `count_on_device`).

    None, and a note in the log, if `free` bytes may not hold the tables of orders 1 to `order`: there is room
    only if they fit with all n-grams distinct.
    """
    usable = int(_USABLE * free)
    needed = tokens * (_ESTIMATED * (order - 1) + _ORDER)
    for_sorting = usable - tokens * (_COUNTED * (order - 1) + _TEXT)
    places = min(TorchArrays.places, for_sorting // _PLACE)
    if needed <= usable and places >= min(tokens, _SMALLEST):
        return places
    log.info(
        f"the tables of {tokens:,} tokens may take {needed / 1e9:.3g} GB on the device, of which "
        f"{usable / 1e9:.3g} GB can be used: the CPU counts and estimates instead"
    )
    return None


def wait_for(device: str) -> None:
    """Return once the device has done what it was given."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def peak_bytes(device: str) -> int | None:
    """The most memory that torch took on a CUDA device; None for another."""
    if torch.device(device).type != "cuda":
        return None
    return int(torch.cuda.max_memory_allocated(device))
