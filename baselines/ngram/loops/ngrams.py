"""Loops over the places of a text where n-grams begin, to be compiled: see `loops.build` and `loops.words`.

Between them, NumPy sorts keys. They do what `sorting.ranges` does with arrays, in fewer passes.
"""

from __future__ import annotations

import numpy as np


def part_places(
    sequence: np.ndarray,
    start: int,
    stop: int,
    words: int,
    range_of: np.ndarray,
    ends: np.ndarray,
    places: np.ndarray,
) -> int:
    """Sorts the places of a text from `start` to `stop`, where a word follows, by the ranges of their words.

    `range_of` int32 has the range of each word. `ends` int64 [ranges + 1] are zeros, and become where the
    places of each range end; `places` int32 [stop − start]. Returns how many there are.
    """
    for place in range(start, stop):
        if sequence[place + 1] != words:
            ends[range_of[sequence[place]] + 1] += 1
    total = 0
    for number in range(range_of[words] + 1):  # `<s>`, the last word, is in the last range
        total += ends[number + 1]
        ends[number + 1] = total - ends[number + 1]
    for place in range(start, stop):
        if sequence[place + 1] != words:
            at = range_of[sequence[place]] + 1
            places[ends[at]] = place
            ends[at] += 1
    return total


def pair_keys(
    sequence: np.ndarray,
    end: int,
    places: np.ndarray,
    length: int,
    low: int,
    word_bits: int,
    index_bits: int,
    width: int,
    windows: np.ndarray,
    keys: np.ndarray,
) -> int:
    """A key for each of some places: its word, less `low`, the next word, and the index among the places.

    The `width` words behind these two are copied to `windows`, which is read in any order then, while the
    text, whose last place is `end`, is read from its beginning to its end. Returns the largest word, less
    `low`.
    """
    highest = np.int64(0)
    for index in range(length):
        place = int(places[index])
        word = np.int64(sequence[place]) - low
        highest = max(highest, word)
        keys[index] = (word << word_bits | sequence[place + 1]) << index_bits | index
        for ahead in range(width):
            windows[index * width + ahead] = sequence[min(place + 2 + ahead, end)]
    return int(highest)


def bigrams(
    keys: np.ndarray,
    length: int,
    low: int,
    word_bits: int,
    index_bits: int,
    contexts: np.ndarray,
    last: np.ndarray,
    counts: np.ndarray,
    first: np.ndarray,
    indices: np.ndarray,
    ids: np.ndarray,
) -> int:
    """The bigrams of sorted keys, and each key's index and bigram. Returns how many bigrams there are.

    `counts` are zeros before, also below. `first` is an index of each bigram.
    """
    number, before = -1, np.int64(-1)
    for at in range(length):
        key = keys[at]
        index, pair = key & ((1 << index_bits) - 1), key >> index_bits
        number += int(pair != before)
        before = pair
        contexts[number], last[number] = (pair >> word_bits) + low, pair & ((1 << word_bits) - 1)
        counts[number] += 1
        first[number] = indices[at] = index
        ids[at] = number
    return number + 1


def is_shared(ids: np.ndarray, index: int, length: int) -> np.bool_:
    """Whether one of the ascending numbers `ids` is that before or behind it, too."""
    number = ids[index]
    return ((index > 0) & (ids[max(index - 1, 0)] == number)) | (
        (index + 1 < length) & (ids[min(index + 1, length - 1)] == number)
    )


def longer_keys(
    windows: np.ndarray,
    width: int,
    ahead: int,
    indices: np.ndarray,
    ids: np.ndarray,
    length: int,
    words: int,
    word_bits: int,
    at_bits: int,
    after: np.ndarray,
    keys: np.ndarray,
    sizes: np.ndarray,
) -> int:
    """Reads the word behind the n-gram of each index, `ahead` in its window. Those before `<s>` are dropped.

    `indices` and `ids`, those of the n-grams, ascending, are moved together; `after` has the words. Where
    others have the same n-gram, `keys` gets a key: the n-gram less the first one, the word, and where it
    is. `sizes` int64 [2] becomes how many indices are left, and how many keys there are.
    """
    kept = 0
    for at in range(length):
        word = windows[np.int64(indices[at]) * width + ahead]
        indices[kept], ids[kept], after[kept] = indices[at], ids[at], word
        kept += int(word != words)
    shared = 0
    lowest = np.int64(ids[0])
    for at in range(kept):
        number = np.int64(ids[at])
        keys[shared] = ((number - lowest) << word_bits | after[at]) << at_bits | at
        shared += int(is_shared(ids, at, kept))
    sizes[0], sizes[1] = kept, shared
    return 0


def longer_ngrams(
    indices: np.ndarray,
    ids: np.ndarray,
    after: np.ndarray,
    length: int,
    keys: np.ndarray,
    at_bits: int,
    begin: int,
    contexts: np.ndarray,
    last: np.ndarray,
    counts: np.ndarray,
    first: np.ndarray,
    new_indices: np.ndarray,
    new_ids: np.ndarray,
) -> int:
    """The n-grams that are one word longer, from the number `begin` on; returns the number behind the last.

    `keys` are those of `longer_keys`, sorted, and one that does not count. `new_indices` and `new_ids` become
    those of the longer n-grams, sorted.
    """
    number, key = begin - 1, 0  # no branch of what follows could be foreseen, so there is none
    context, word = np.int32(-1), np.int32(-1)
    for at in range(length):
        shared = int(is_shared(ids, at, length))
        moved = keys[key] & ((1 << at_bits) - 1)
        come = at + shared * (moved - at)
        key += shared
        here, following = ids[at], after[come]
        number += int((here != context) | (following != word))
        context, word = here, following
        contexts[number], last[number] = here, following
        counts[number] += 1
        first[number] = new_indices[at] = indices[come]
        new_ids[at] = number
    return number + 1


def put_ids(places: np.ndarray, ids: np.ndarray, length: int, first: int, into: np.ndarray) -> int:
    """Writes the numbers of n-grams, counted from `first`, to the places where they begin."""
    for index in range(length):
        into[places[index]] = ids[index] + first
    return 0


SIGNATURES = {
    "part_places": "int32* int64 int64 int64 int32* int64* int32*",
    "pair_keys": "int32* int64 int32* int64 int64 int64 int64 int64 int32* int64*",
    "bigrams": "int64* int64 int64 int64 int64 int32* int32* int32* int32* int32* int32*",
    "longer_keys": "int32* int64 int64 int32* int32* int64 int64 int64 int64 int32* int64* int64*",
    "longer_ngrams": "int32* int32* int32* int64 int64* int64 int64 int32* int32* int32* int32* "
    "int32* int32*",
    "put_ids": "int32* int32* int64 int64 int32*",
}
HELPERS = ("is_shared",)
