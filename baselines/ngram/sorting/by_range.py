"""Sorting places by range: in machine code where `arrays` have loops, and else with arrays."""

from __future__ import annotations

from baselines.ngram.sorting import ranges
from baselines.ngram.sorting.arrays import Array, Arrays
from baselines.ngram.sorting.compiled_ranges import places_by_range as compiled_places_by_range
from baselines.ngram.sorting.compiled_ranges import sort_range as compiled_sort_range
from baselines.ngram.sorting.ranges import SortedRange


def places_by_range(
    sequence: Array, start: int, stop: int, words: int, lows: list[tuple[int, int]], arrays: Arrays
) -> list[Array]:
    """See `ranges.places_by_range`."""
    if arrays.loops:
        return compiled_places_by_range(sequence, start, stop, words, lows, arrays.loops)
    return ranges.places_by_range(sequence, start, stop, words, lows, arrays)


def sort_range(
    sequence: Array, places: Array, words: int, low: int, order: int, arrays: Arrays
) -> SortedRange:
    """See `ranges.sort_range`."""
    if arrays.loops:
        return compiled_sort_range(sequence, places, words, low, order, arrays.loops)
    return ranges.sort_range(sequence, places, words, low, order, arrays)
