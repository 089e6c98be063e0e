"""Sorting places by range: in machine code where `arrays` have loops, and else with arrays."""

from __future__ import annotations

from baselines.ngram.sorting import ranges
from baselines.ngram.sorting.arrays import Array, Arrays
from baselines.ngram.sorting.ranges import SortedRange


def places_by_range(
    sequence: Array, start: int, stop: int, words: int, lows: list[tuple[int, int]], arrays: Arrays
) -> list[Array]:
    """See `ranges.places_by_range`."""
    if arrays.loops:
        from baselines.ngram.sorting import compiled_ranges

        return compiled_ranges.places_by_range(sequence, start, stop, words, lows, arrays.loops)
    return ranges.places_by_range(sequence, start, stop, words, lows, arrays)


def sort_range(
    sequence: Array, places: Array, words: int, low: int, order: int, arrays: Arrays
) -> SortedRange:
    """See `ranges.sort_range`."""
    if arrays.loops:
        from baselines.ngram.sorting.compiled_ranges import room_for, sort_range

        room = room_for(len(places), order, arrays.rooms)
        found = sort_range(sequence, places, words, low, order, arrays.loops, room)
        arrays.rooms.append(room)
        return found
    return ranges.sort_range(sequence, places, words, low, order, arrays)
