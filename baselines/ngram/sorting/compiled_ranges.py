"""`sorting.ranges` in machine code: the same n-grams, in one section of each order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from baselines.ngram.loops.load import Loops
from baselines.ngram.loops.sort import DIGIT, DIGITS
from baselines.ngram.sorting.arrays import KEY_BITS, NumpyArrays
from baselines.ngram.sorting.ranges import NgramSection, SortedPlaces, SortedRange, bits


def places_by_range(
    sequence: np.ndarray, start: int, stop: int, words: int, ranges: list[tuple[int, int]], loops: Loops
) -> list[np.ndarray]:
    """See `ranges.places_by_range`."""
    range_of = np.repeat(np.arange(len(ranges), dtype=np.int32), [high - low for low, high in ranges])
    ends, places = np.zeros(len(ranges) + 1, dtype=np.int64), np.empty(stop - start, dtype=np.int32)
    loops.part_places(sequence, start, stop, words, range_of, ends, places)
    return [places[begin:end] for begin, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]


_FEW = 1 << 11  # keys that NumPy sorts sooner


class Room:
    """Arrays for sorting ranges of at most `most` places, one after the other: what the loops write to.

    Fresh memory costs more than what is done with it, so that the arrays serve many ranges.
    """

    def __init__(self, most: int, order: int) -> None:
        self.most = most
        self.windows = np.empty(most * (order - 2), dtype=np.int32)
        self.keys, self.other = np.empty((2, most + 1), dtype=np.int64)
        self.after, self.indices, self.ids = np.empty((3, most), dtype=np.int32)
        self.orders = [_Order(most) for _ in range(2, order + 1)]

    def sort(self, length: int, low: int, size: int, loops: Loops) -> None:
        """Sort the first `length` keys, which have `size` bits above the `low` ones that number them."""
        digits = -(-size // DIGIT)
        if length < _FEW or digits > DIGITS:
            self.keys[:length].sort()
            return
        counts = np.zeros(digits << DIGIT, dtype=np.int32)
        if loops.sort_by_digits(self.keys, self.other, length, low, digits, counts):
            self.keys, self.other = self.other, self.keys


def room_for(places: int, order: int, free: list[Room]) -> Room:
    """Room for so many places, taken from what is `free` if one of that is large enough."""
    room = free.pop() if free else None
    if room is None or room.most < places or len(room.orders) != order - 1:
        room = Room(places + places // 8, order)  # so that the next range fits, too
    return room


class _Order:
    """The n-grams of one order: columns that fill."""

    def __init__(self, most: int) -> None:
        self.ngrams = self.filled = 0
        contexts, words, first = np.empty((3, most), dtype=np.int32)  # `first`: the index of one place
        self.columns = contexts, words, np.zeros(most, dtype=np.int32), first
        self.indices, self.ids = np.empty((2, most), dtype=np.int32)

    def take(self, places: np.ndarray, highest: bool) -> NgramSection:
        """The n-grams of `places`, to which the indices refer. The columns are empty again."""
        contexts, words, counts, first = (each[: self.ngrams].copy() for each in self.columns)
        indices, ids = self.indices[: self.filled], self.ids[: self.filled]
        self.columns[2][: self.ngrams] = 0
        self.ngrams = self.filled = 0
        kept = None if highest else SortedPlaces(_at(places, indices), ids.copy())
        return NgramSection(contexts, words, counts, _at(places, first), kept)


def sort_range(
    sequence: np.ndarray, places: np.ndarray, words: int, low: int, order: int, loops: Loops, room: Room
) -> SortedRange:
    """See `ranges.sort_range`. There is `room` for the places."""
    length, width, fields = len(places), order - 2, (bits(words), bits(len(places)))
    places = places.astype(np.int32, copy=False)
    read = (sequence, len(sequence) - 1, places, length)
    highest = loops.pair_keys(*read, low, *fields, width, room.windows, room.keys)
    room.sort(length, fields[1], bits(highest) + fields[0], loops)
    pairs, longer = room.orders[0], room.orders[1:]
    into = (*pairs.columns, pairs.indices, pairs.ids)
    pairs.ngrams, pairs.filled = loops.bigrams(room.keys, length, low, *fields, *into), length
    for chunk in _chunks(pairs.ids[:length]) if longer else ():
        _refine(room, chunk, words, loops)
    found = SortedRange(order)
    for n, each in enumerate(room.orders, 2):
        found.lengths[n] = each.ngrams
        found.sections[n] = [each.take(places, n == order)]
    return found


def _at(array: np.ndarray, indices: np.ndarray) -> np.ndarray:
    return array.take(indices, mode="clip")  # without a check, which takes as long


def _chunks(ids: np.ndarray) -> Iterator[slice]:
    """Slices of about `NumpyArrays.chunk` sorted places that do not divide a bigram."""
    start = 0
    while start < len(ids):
        last = min(start + NumpyArrays.chunk, len(ids)) - 1
        stop = last + int(np.searchsorted(ids[last:], ids[last], side="right"))
        yield slice(start, stop)
        start = stop


def _refine(room: Room, chunk: slice, words: int, loops: Loops) -> None:
    """Add the n-grams of orders 3 and up that begin at a chunk of the places, which are sorted by bigram."""
    pairs, longer = room.orders[0], room.orders[1:]
    left = chunk.stop - chunk.start
    indices, ids, after = room.indices, room.ids, room.after
    indices[:left], ids[:left] = pairs.indices[chunk], pairs.ids[chunk]
    sizes, word_bits = np.zeros(2, dtype=np.int64), bits(words)
    for ahead, order in enumerate(longer):
        if not left:
            return
        at_bits, size = bits(left), bits(int(ids[left - 1] - ids[0])) + word_bits
        if size + at_bits > KEY_BITS:
            raise OverflowError(f"{left:,} places do not fit keys of {KEY_BITS} bits")
        behind = (room.windows, len(longer), ahead)
        loops.longer_keys(*behind, indices, ids, left, words, word_bits, at_bits, after, room.keys, sizes)
        left, shared = sizes.tolist()
        room.sort(shared, at_bits, size, loops)
        new = slice(order.filled, order.filled + left)
        into = (*order.columns, order.indices[new], order.ids[new])
        order.ngrams = loops.longer_ngrams(indices, ids, after, left, room.keys, at_bits, order.ngrams, *into)
        order.filled += left
        indices[:left], ids[:left] = order.indices[new], order.ids[new]
