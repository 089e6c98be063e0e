"""Loops over hash tables of n-grams, to be compiled: see `loops.build`, `loops.words` and `table.hashed`.

Slots are of one dimension here: uint64 [2 · slots], a hash and a value in turn, or 0 where nothing is.
"""

from __future__ import annotations

import numpy as np

from baselines.ngram.table.hashes import extended, homes

_ONE = np.uint64(1)


def fill_hashes(
    slots: np.ndarray, size: np.uint64, hashes: np.ndarray, values: np.ndarray, length: int
) -> int:
    """Puts each of `hashes`, and its `values` uint64, into the first empty slot from its home on.

    `slots` are all 0, and enough: more than `size`. Returns the last slot taken, or −1 if two hashes are the
    same.
    """
    last = np.int64(0)
    for index in range(length):
        at = homes(hashes[index], size)
        while slots[at + at] != 0:
            if slots[at + at] == hashes[index]:
                return -1
            at += _ONE
        slots[at + at], slots[at + at + _ONE] = hashes[index], values[index]
        last = max(last, np.int64(at))  # else the two would be compared as floats
    return int(last)


def extend_level(
    slots: np.ndarray,
    numbers: np.ndarray,
    size: np.uint64,
    length: int,
    is_word: np.ndarray,
    words: np.ndarray,
    hashes: np.ndarray,
    stored: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray,
) -> int:
    """Goes on to the n-grams of the next order, whose `slots` and `size` are given.

    `numbers` float32 [4 · slots]: the slots again, for the two numbers of each value. The other arrays have
    an element for each place of a text. `is_word` uint8: whether a word is there, and no mark; `words`
    uint64: the word, mixed. `stored` uint8: whether the n-gram of the order before that ends here is stored;
    `hashes` uint64 and `weights` float64: if so, its hash and its ln b. These three become those of this
    order. `scores` float64: ln p of the word so far. It goes from the last place to the first, since each
    needs what the one before it has now.
    """
    for place in range(length - 1, 0, -1):
        hit = 0
        if stored[place - 1]:
            if is_word[place] and stored[place]:
                key = extended(hashes[place - 1], words[place])
                at = homes(key, size)
                while slots[at + at] != key and slots[at + at] != 0:
                    at += _ONE
                if slots[at + at] == key:
                    hit = 1
                    hashes[place] = key
                    scores[place] = numbers[4 * np.int64(at) + 2]
                    weights[place] = numbers[4 * np.int64(at) + 3]
            if not hit:
                scores[place] += weights[place - 1]
        stored[place] = hit
    stored[0] = 0
    return 0


SIGNATURES = {
    "fill_hashes": "uint64* uint64 uint64* uint64* int64",
    "extend_level": "uint64* float32* uint64 int64 uint8* uint64* uint64* uint8* float64* float64*",
}
HELPERS = ("extended", "homes")
