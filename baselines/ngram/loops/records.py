"""Loops over what counting keeps in files, and workers are sent, to be compiled: see `loops.build`,
`counting.records`, `counting.workers.count_part` and `sorting.storage`."""

from __future__ import annotations

import numpy as np


def read_records(
    sequence: np.ndarray, length: int, words: int, first: int, width: int, records: np.ndarray
) -> int:
    """For each place of a text where a word follows: its number, from `first` on, and the `width` words from
    there. `sequence` int32 has as many more behind its `length`. Returns how many there are."""
    number = 0
    for place in range(length):
        at = number * (width + 1)
        records[at] = first + place
        for ahead in range(width):
            records[at + 1 + ahead] = sequence[place + ahead]
        number += int(sequence[place + 1] != words)
    return number


def read_windows(
    text: np.ndarray,
    length: int,
    width: int,
    low: int,
    high: int,
    second_low: int,
    second_high: int,
    rows: np.ndarray,
) -> int:
    """The `width` tokens from each place on whose second token is from `low` up to `high`, and whose third is
    from `second_low` up to `second_high`. `text` int32 has `width` − 1 tokens more than `length`. Returns how
    many there are."""
    number, span = 0, np.uint64(high - low)
    for place in range(length):
        if np.uint64(np.int64(text[place + 1]) - low) >= span:  # below `low` it is huge
            continue
        second = text[place + 2]
        if second >= second_low and second < second_high:
            for ahead in range(width):
                rows[number * width + ahead] = text[place + ahead]
            number += 1
    return number


def group_rows(
    rows: np.ndarray,
    number: int,
    width: int,
    groups: np.ndarray,
    last: int,
    ends: np.ndarray,
    into: np.ndarray,
) -> int:
    """Copies rows of `width` int32 sorted by their `groups` int32, from 0 to `last`. Rows of a group stay in
    their order.

    `ends` int64 [last + 2] are zeros, and become where the rows of each group end.
    """
    for row in range(number):
        ends[groups[row] + 1] += 1
    for group in range(last):
        ends[group + 1] += ends[group]
    for row in range(number):
        at = ends[groups[row]]
        ends[groups[row]] = at + 1
        for column in range(width):
            into[at * width + column] = rows[row * width + column]
    return 0


def put_pairs(pairs: np.ndarray, number: int, start: int, ids: np.ndarray) -> int:
    """Writes the lower half of each pair int64 to the place in its upper half, less `start`."""
    for index in range(number):
        ids[(pairs[index] >> 32) - start] = pairs[index] & 0xFFFF_FFFF
    return 0


def take_inside(
    places: np.ndarray, number: int, start: int, length: int, ids: np.ndarray, found: np.ndarray
) -> int:
    """The ids of those places that are among the `length` ones from `start` on."""
    for index in range(number):
        at = np.int64(places[index]) - start
        if (at >= 0) & (at < length):
            found[index] = ids[at]
    return 0


SIGNATURES = {
    "read_records": "int32* int64 int64 int64 int64 int32*",
    "read_windows": "int32* int64 int64 int64 int64 int64 int64 int32*",
    "group_rows": "int32* int64 int64 int32* int64 int64* int32*",
    "put_pairs": "int64* int64 int64 int32*",
    "take_inside": "int32* int64 int64 int64 int32* int32*",
}
HELPERS: tuple[str, ...] = ()
