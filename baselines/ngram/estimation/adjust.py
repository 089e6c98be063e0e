"""Adjusting counts: from occurrences to the counts that Kneser-Ney smoothing discounts.

Input: `OrderCounts` of each order, from 1 up.

Output: for each order, adjusted counts in the order of its n-grams: int32 [n-grams] below the highest order,
the given counts at the highest.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.memory import room_beside
from baselines.ngram.sorting import files
from baselines.ngram.sorting.room import Room


def adjusted_counts(counts: list[OrderCounts], memory: int | None = None) -> list[np.ndarray]:
    """Adjusted counts a(·) of the n-grams of each order.

    At the highest order a is the count. Below, it is the number of distinct words seen to the left of the
    n-gram, N₁₊(• g) (Kneser & Ney 1995); or the count if the n-gram begins with `<s>`, since nothing can
    precede it. `memory`: how many bytes this may take, the counts included (default: see `memory_budget`).
    """
    room = room_beside(counts, memory)
    adjusted = []
    for ngrams, longer in pairwise(counts):
        lefts = _occurrences(longer.suffix, len(ngrams), room)
        lefts[ngrams.starts :] = ngrams.counts[ngrams.starts :]
        files.forget(lefts, ngrams.counts)
        adjusted.append(lefts)
    return [*adjusted, counts[-1].counts]


def _occurrences(numbers: np.ndarray, length: int, room: Room) -> np.ndarray:
    """How often each number below `length` occurs: int32 [length]."""
    found = room.zeros(length)
    for window in room.windows(length):
        seen = np.zeros(window.stop - window.start, dtype=np.int32)
        for some in room.blocks(numbers):
            block = numbers[some]
            if len(seen) < length:
                block = block[(block >= window.start) & (block < window.stop)] - np.int32(window.start)
            np.add.at(seen, block.astype(np.int64), np.int32(1))
        found[window] = seen
        files.forget(found)
    return found
