"""Sorting the places of a text by the words that follow them, a range of first words at a time.

Input: a sequence, int32 [tokens], that marks sentence starts by `<s>` and ends with one; the places where the
n-grams of the range begin, in any order.

Output: for each order from 2 up, the distinct n-grams whose first word is in the range, sorted by their
words from left to right, with their counts.

A sort key is an integer of 63 bits: the number of the (n−1)-gram, the word after it, the place. Sorting bare
integers is several times faster than sorting indices. From order 3 on, the n-grams of one (n−1)-gram are
sorted within a chunk of places that fits a core's cache, and a place whose (n−1)-gram occurs only once needs
no more sorting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from baselines.ngram.sorting.arrays import KEY_BITS, Array, Arrays


class SortedPlaces(NamedTuple):
    """Places where n-grams begin, sorted by n-gram, and the number of the n-gram at each: int32 [places]."""

    places: Array
    ids: Array


class NgramSection(NamedTuple):
    """The n-grams of one order in one chunk of places, sorted by their words; arrays on the device.

    `contexts` int32 [n-grams]: the number of the (n−1)-gram before the last word, counted from 0 within the
    range (order 2: the first word). `words` int32 [n-grams]: the last word. `counts` int32 [n-grams]. `first`
    int32 [n-grams]: a place where the n-gram begins. `places`: all such places; None for the highest order,
    which does not need them.
    """

    contexts: Array
    words: Array
    counts: Array
    first: Array
    places: SortedPlaces | None


@dataclass
class SortedRange:
    """The n-grams of a range of first words: sections by order, from 2 up, and their lengths in all.

    `continued`: the only n-gram of each of the orders 2 to `continued` is the last one of the range before.
    """

    highest: int
    sections: dict[int, list[NgramSection]] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    continued: int = 1

    def add(
        self, order: int, contexts: Array, words: Array, starts: Array, kept: SortedPlaces, arrays: Arrays
    ) -> None:
        """Add n-grams that begin at the places `kept`; `starts` indexes the first of each n-gram's places."""
        counts = arrays.gaps(starts, len(kept.places))
        first = arrays.take(kept.places, starts)
        section = NgramSection(contexts, words, counts, first, kept if order < self.highest else None)
        self.sections.setdefault(order, []).append(section)
        self.lengths[order] = self.lengths.get(order, 0) + len(words)


def ranges_of_first_words(counts: np.ndarray, places: int) -> list[tuple[int, int]]:
    """Ranges [low, high) of words, ascending, each of one word or with at most `places` occurrences.

    `counts` int64 [words + 1] holds how often each word, and last `<s>`, occurs. A range is also small enough
    for a key to hold two words and a place.
    """
    words, total = len(counts), int(counts.sum())
    widest = 1 << max(0, KEY_BITS - bits(words) - bits(total))
    before = np.concatenate([[0], np.cumsum(counts)])
    ranges, low = [], 0
    while low < words:
        high = int(np.searchsorted(before, before[low] + places, side="right")) - 1
        high = min(max(high, low + 1), low + widest, words)
        ranges.append((low, high))
        low = high
    return ranges


def places_by_range(
    sequence: Array, start: int, stop: int, words: int, ranges: list[tuple[int, int]], arrays: Arrays
) -> list[Array]:
    """For each range the places in [start, stop), ascending, where its words precede a word: int32."""
    lows = np.array([low for low, _ in ranges])
    range_of = arrays.of(np.searchsorted(lows, np.arange(words + 1), side="right").astype(np.int32) - 1)
    numbers = arrays.take(range_of, sequence[start:stop])
    numbers[sequence[start + 1 : stop + 1] == words] = len(ranges)
    index_bits = bits(stop - start)
    kind = "int32" if bits(len(ranges)) + index_bits < 32 else "int64"
    keys = arrays.cast(numbers, kind)
    keys <<= index_bits
    keys |= arrays.cast(arrays.arange(stop - start), kind)
    keys = arrays.sorted(keys)
    bounds = arrays.search(keys, arrays.arange(len(ranges) + 1) << index_bits)
    keys &= (1 << index_bits) - 1
    keys = arrays.cast(keys, "int32") + start
    return [keys[bounds[index] : bounds[index + 1]] for index in range(len(ranges))]


def sort_range(
    sequence: Array, places: Array, words: int, low: int, order: int, arrays: Arrays
) -> SortedRange:
    """The n-grams of orders 2 to `order` that begin at `places`, with first words of one range from `low` on.

    `sequence` int32 [tokens] holds words and `<s>` (the id `words`), which is also its last element. `places`
    [places] may be in any order. See the head of this module for the order of the result.
    """
    word_bits, place_bits = bits(words), bits(len(sequence))
    places = arrays.cast(places, "int64")
    keys = arrays.cast(arrays.take(sequence, places), "int64")
    keys -= low
    keys <<= word_bits
    keys |= arrays.take(sequence[1:], places)
    keys <<= place_bits
    keys |= places
    keys = arrays.sorted(keys)
    places = keys & ((1 << place_bits) - 1)
    keys >>= place_bits
    first = _changes(keys, arrays)
    starts = arrays.where(first)
    bigrams = arrays.take(keys, starts)
    del keys
    contexts = arrays.cast((bigrams >> word_bits) + low, "int32")
    followers = arrays.cast(bigrams & ((1 << word_bits) - 1), "int32")
    found = SortedRange(order)
    ids = arrays.numbered(first)
    found.add(2, contexts, followers, starts, SortedPlaces(arrays.cast(places, "int32"), ids), arrays)
    for begin, end in _chunks(starts, len(places), arrays) if order > 2 else ():
        chunk_of = (places[begin:end], ids[begin:end], first[begin:end])
        _refine(sequence, words, *chunk_of, found, arrays)
    return found


def _chunks(starts: Array, length: int, arrays: Arrays) -> Iterator[tuple[int, int]]:
    """Slices of about `arrays.chunk` sorted places that do not divide a bigram."""
    start = 0
    while start < length:
        stop = length
        if start + arrays.chunk < length:
            (index,) = arrays.search(starts, arrays.of(np.array([start + arrays.chunk])))
            stop = int(starts[index]) if index < len(starts) else length
        yield start, stop
        start = stop


def _refine(
    sequence: Array,
    words: int,
    places: Array,
    contexts: Array,
    first: Array,
    found: SortedRange,
    arrays: Arrays,
) -> None:
    """Add the n-grams of orders 3 and up that begin at `places`, which are sorted by their bigrams.

    `contexts` [places] is the number of the bigram at each place, `first` [places] marks the first place of
    each bigram. A place is dropped once `<s>` follows within n words.
    """
    for n in range(3, found.highest + 1):
        after = arrays.take(sequence[n - 1 :], places)
        places, after, first = _sort_within(places, after, first, contexts, bits(words), arrays)
        whole = arrays.where(after != words)
        if len(whole) < len(places):
            places, after, first, contexts = (
                arrays.take(each, whole) for each in (places, after, first, contexts)
            )
        starts = arrays.where(first)
        ids = arrays.numbered(first)
        ids += found.lengths.get(n, 0)
        kept = SortedPlaces(arrays.cast(places, "int32"), ids)
        found.add(n, arrays.take(contexts, starts), arrays.take(after, starts), starts, kept, arrays)
        contexts = ids


def _sort_within(
    places: Array, after: Array, first: Array, contexts: Array, word_bits: int, arrays: Arrays
) -> tuple[Array, Array, Array]:
    """Sort places of equal context by the next word: places, next words, first place of each n-gram."""
    alone = arrays.copy(first)
    alone[:-1] &= first[1:]
    shared = arrays.where(~alone)
    if not len(shared):
        return places, after, first
    if 2 * len(shared) > len(places):  # sorting all of them is faster than picking some out
        return _sort(places, after, contexts, word_bits, arrays)
    picked, followers, numbers = (arrays.take(each, shared) for each in (places, after, contexts))
    places, after, first = arrays.copy(places), arrays.copy(after), arrays.copy(first)
    sorted_places, sorted_followers, sorted_first = _sort(picked, followers, numbers, word_bits, arrays)
    arrays.put(places, shared, sorted_places)
    arrays.put(after, shared, sorted_followers)
    arrays.put(first, shared, sorted_first)
    return places, after, first


def _sort(
    places: Array, after: Array, contexts: Array, word_bits: int, arrays: Arrays
) -> tuple[Array, Array, Array]:
    lowest = int(contexts[0])
    keys = arrays.cast(contexts, "int64")
    keys -= lowest
    keys <<= word_bits
    keys |= after
    keys, places = arrays.sorted_with(keys, bits(int(contexts[-1]) - lowest) + word_bits, places)
    return places, arrays.cast(keys & ((1 << word_bits) - 1), "int32"), _changes(keys, arrays)


def _changes(keys: Array, arrays: Arrays) -> Array:
    """Mark the first of each run of equal keys."""
    first = keys[:1] == keys[:1]
    return arrays.joined([first, keys[1:] != keys[:-1]])


def bits(largest: int) -> int:
    """How many bits hold 0 to `largest`; at least 1."""
    return max(1, int(largest).bit_length())
