"""`sorting.ranges` in machine code: the same n-grams, in one section of each order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from baselines.ngram.loops.load import Loops
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


class _Order:
    """The n-grams of one order, of at most `most` places: columns that fill."""

    def __init__(self, most: int) -> None:
        self.ngrams = self.filled = 0
        contexts, words, first = (np.empty(most, dtype=np.int32) for _ in range(3))
        # `first`: the index of a place of each n-gram
        self.columns = contexts, words, np.zeros(most, dtype=np.int32), first
        self.indices, self.ids = np.empty(most, dtype=np.int32), np.empty(most, dtype=np.int32)

    def section(self, places: np.ndarray, highest: bool) -> NgramSection:
        """The n-grams of `places`, to which the indices refer."""
        contexts, words, counts, first = (each[: self.ngrams] for each in self.columns)
        first = _at(places, first)
        if highest:
            return NgramSection(contexts, words, counts, first, None)
        indices, ids = self.indices[: self.filled], self.ids[: self.filled]
        return NgramSection(contexts, words, counts, first, SortedPlaces(_at(places, indices), ids))


def sort_range(
    sequence: np.ndarray, places: np.ndarray, words: int, low: int, order: int, loops: Loops
) -> SortedRange:
    """See `ranges.sort_range`."""
    length, width, fields = len(places), order - 2, (bits(words), bits(len(places)))
    places = places.astype(np.int32, copy=False)
    windows, keys = np.empty(length * width, dtype=np.int32), np.empty(length, dtype=np.int64)
    loops.pair_keys(sequence, len(sequence) - 1, places, length, low, *fields, width, windows, keys)
    keys.sort()
    made = [_Order(length) for _ in range(2, order + 1)]
    pairs, longer = made[0], made[1:]
    into = (*pairs.columns, pairs.indices, pairs.ids)
    pairs.ngrams, pairs.filled = loops.bigrams(keys, length, low, *fields, *into), length
    for chunk in _chunks(pairs.ids) if longer else ():
        _refine(windows, words, pairs.indices[chunk].copy(), pairs.ids[chunk].copy(), longer, loops)
    found = SortedRange(order)
    for n, each in enumerate(made, 2):
        found.sections[n], found.lengths[n] = [each.section(places, n == order)], each.ngrams
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


def _refine(
    windows: np.ndarray, words: int, indices: np.ndarray, ids: np.ndarray, longer: list[_Order], loops: Loops
) -> None:
    """Add the n-grams of orders 3 and up that begin at `indices`, which are sorted by their bigrams `ids`.

    Both arrays are written to.
    """
    after, keys = np.empty(len(ids), dtype=np.int32), np.zeros(len(ids) + 1, dtype=np.int64)
    sizes, word_bits = np.zeros(2, dtype=np.int64), bits(words)
    for ahead, order in enumerate(longer):
        if not len(ids):
            return
        at_bits = bits(len(ids))
        if bits(int(ids[-1] - ids[0])) + word_bits + at_bits > KEY_BITS:
            raise OverflowError(f"{len(ids):,} places do not fit keys of {KEY_BITS} bits")
        behind = (windows, len(longer), ahead)
        loops.longer_keys(*behind, indices, ids, len(ids), words, word_bits, at_bits, after, keys, sizes)
        kept, shared = sizes.tolist()
        keys[:shared].sort()
        new = slice(order.filled, order.filled + kept)
        into = (*order.columns, order.indices[new], order.ids[new])
        order.ngrams = loops.longer_ngrams(indices, ids, after, kept, keys, at_bits, order.ngrams, *into)
        order.filled += kept
        indices, ids = order.indices[new].copy(), order.ids[new].copy()
