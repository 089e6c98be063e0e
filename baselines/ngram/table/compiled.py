"""Hash tables of n-grams in machine code: filling one, and scoring a text with it.

To be imported where numba is installed. It keeps the code between programs where there is a folder for that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from baselines.ngram.table.hashes import extended, homes

_extended, _home = numba.njit(extended), numba.njit(homes)
_NEXT = np.uint64(1)


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """It in machine code."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # it may write neither beside this file nor into a home
        return numba.njit(nogil=True)(function)


@_compiled
def fill(slots: np.ndarray, size: np.uint64, hashes: np.ndarray, values: np.ndarray) -> np.int64:
    """Put each of `hashes` uint64, and its `values` uint64, into the first empty slot from its home on.

    `slots` uint64 [more than size, 2] are all 0, and enough. Returns the last slot taken, or −1 if two hashes
    are the same.
    """
    last = np.int64(0)
    for index in range(len(hashes)):
        at = _home(hashes[index], size)
        while slots[at, 0] != 0:
            if slots[at, 0] == hashes[index]:
                return np.int64(-1)
            at += _NEXT
        slots[at, 0], slots[at, 1] = hashes[index], values[index]
        last = max(last, np.int64(at))  # else the two would be compared as floats
    return last


@_compiled
def extend_level(
    slots: np.ndarray,
    size: np.uint64,
    is_word: np.ndarray,
    words: np.ndarray,
    hashes: np.ndarray,
    stored: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray,
) -> None:
    """Go on to the n-grams of the next order, whose `slots` and `size` are given.

    The other arrays have an element for each place of a text. `is_word` bool: whether a word is there, and
    no mark; `words` uint64: the word, mixed. `stored` bool: whether the n-gram of the order before that ends
    here is stored; `hashes` uint64 and `weights` float64: if so, its hash and its ln b. These three become
    those of this order. `scores` float64: ln p of the word so far. It goes from the last place to the first,
    since each needs what the one before it has now.
    """
    numbers = slots.view(np.float32)
    for place in range(len(words) - 1, 0, -1):
        hit = False
        if stored[place - 1]:
            if is_word[place] and stored[place]:
                key = _extended(hashes[place - 1], words[place])
                at = _home(key, size)
                while slots[at, 0] != key and slots[at, 0] != 0:
                    at += _NEXT
                if slots[at, 0] == key:
                    hit = True
                    hashes[place] = key
                    scores[place] = numbers[at, 2]
                    weights[place] = numbers[at, 3]
            if not hit:
                scores[place] += weights[place - 1]
        stored[place] = hit
    stored[0] = False
