"""A loop that sorts keys, to be compiled: see `loops.build`."""

from __future__ import annotations

import numpy as np

#: Bits of a digit, and how many digits a key may have.
DIGIT, DIGITS = 11, 6
_SIZE = 1 << DIGIT


def sort_by_digits(
    keys: np.ndarray, other: np.ndarray, length: int, low: int, digits: int, counts: np.ndarray
) -> int:
    """Sorts keys by so many digits above their `low` bits, the lowest first: radix sort (Knuth, TAOCP 3,
    5.2.5, algorithm R). Keys with the same digits stay in their order.

    `keys` and `other` int64; `counts` int32 [digits << DIGIT] are zeros. Returns 0 if the result is in
    `keys`, and 1 if it is in `other`.
    """
    for at in range(length):
        key = keys[at] >> low
        for turn in range(digits):
            counts[(turn << DIGIT) + (key >> (DIGIT * turn) & (_SIZE - 1))] += 1
    for turn in range(digits):
        first, total = turn << DIGIT, 0
        for digit in range(first, first + _SIZE):
            number = counts[digit]
            counts[digit] = total
            total += number
        for at in range(length):
            key = keys[at]
            digit = first + (key >> (low + DIGIT * turn) & (_SIZE - 1))
            other[counts[digit]] = key
            counts[digit] += 1
        keys, other = other, keys
    return digits & 1


SIGNATURES = {"sort_by_digits": "int64* int64* int64 int64 int64 int32*"}
HELPERS: tuple[str, ...] = ()
