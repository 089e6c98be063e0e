"""Loops that search tries of n-grams, to be compiled: see `loops.build` and `table.searched`.

The arrays are those of `table.offsets` or `table.unary`, and of `table.word_array` or `table.far_words`;
those of the form that a table does not have are empty. Where arrays of a damaged file say nonsense, what is
found is nonsense, too, but no place outside an array is read.

One order is gone through in three loops, in none of which a place has to wait until memory has answered
another.
"""

from __future__ import annotations

import numpy as np

from baselines.ngram.loops.words import Whole
from baselines.ngram.table.layout import BITS as _BITS
from baselines.ngram.table.layout import BLOCK as _BLOCK
from baselines.ngram.table.layout import FAR as _FAR
from baselines.ngram.table.layout import FAR_BITS as _WORD_BITS

_U = np.uint64
_ZERO, _ONE, _TWO, _FOUR, _TOP, _ALL = _U(0), _U(1), _U(2), _U(4), _U(56), _U((1 << 64) - 1)
_ONES, _TWOS = _U(0x5555_5555_5555_5555), _U(0x3333_3333_3333_3333)
_FOURS, _BYTES = _U(0x0F0F_0F0F_0F0F_0F0F), _U(0x0101_0101_0101_0101)
#: So many searches take turns, so that none has to wait for memory alone.
LANES = 12
#: How the offsets of an order are kept.
FULL, PACKED, UNARY = range(3)


def set_bits(word: np.uint64) -> np.int64:
    """How many bits are set. It becomes one instruction."""
    word -= word >> _ONE & _ONES
    word = (word & _TWOS) + (word >> _TWO & _TWOS)
    return np.int64(((word + (word >> _FOUR) & _FOURS) * _BYTES) >> _TOP)


def behind_one(bits: np.ndarray, words: int, begin: Whole, ones: Whole) -> np.int64:
    """The bit behind the 1 that is number `ones` from bit `begin` on; `words` are those of `bits`."""
    place, left = np.int64(begin) >> 6, np.int64(ones)
    if place < 0 or place >= words:
        return np.int64(0)
    word = bits[place] & (_ALL << _U(begin & 63))
    number = set_bits(word)
    while number < left:
        left -= number
        place += 1
        if place == words:
            return np.int64(0)
        word = bits[place]
        number = set_bits(word)
    while left > 1:
        word &= word - _ONE
        left -= 1
    return (place << 6) + set_bits((word & (_ZERO - word)) - _ONE) + 1


def start_in(
    kind: int,
    blocks: np.ndarray,
    ends: np.ndarray,
    bits: np.ndarray,
    words: int,
    wide: np.ndarray,
    wides: int,
    context: Whole,
) -> tuple[np.int64, np.int64]:
    """The first continuation of a context, and the one behind its last."""
    if kind == FULL:
        return np.int64(blocks[context]), np.int64(blocks[context + 1])
    first, within = np.int64(blocks[context >> _BITS]), context & (_BLOCK - 1)
    if first < 0:
        if wides < 2:
            return np.int64(0), np.int64(0)
        place = min((-1 - first) * (_BLOCK + 1) + within, np.int64(wides - 2))
        return np.int64(wide[place]), np.int64(wide[place + 1])
    if kind == PACKED:
        before = np.int64(ends[max(context - 1, 0)]) * np.int64(within > 0)
        return first + before, first + np.int64(ends[context])
    skipped = (context >> _BITS) * _BLOCK
    behind = first + skipped
    if within > 0:
        behind = behind_one(bits, words, behind, within)
    return behind - skipped - within, behind_one(bits, words, behind, 1) - skipped - within - 1


def far_before(
    counted: int, far: np.ndarray, fars: int, low: np.ndarray, length: int, before: np.ndarray, place: Whole
) -> np.int64:
    """How many far words there are before a place."""
    if counted:
        begin = np.int64(place) >> _WORD_BITS
        number = np.int64(before[begin])
        for at in range(begin << _WORD_BITS, min(place, length)):
            number += np.int64(low[at] == _FAR)
        return min(max(number, np.int64(0)), np.int64(fars))
    begin, end = np.int64(0), np.int64(fars)
    while begin < end:
        middle = (begin + end) >> 1
        if far[middle] < place:
            begin = middle + 1
        else:
            end = middle
    return begin


def far_word(
    counted: int, far_words: np.ndarray, far_low: np.ndarray, far_high: np.ndarray, rank: Whole
) -> np.int64:
    """The far word of a rank."""
    if counted:
        return (np.int64(far_high[rank]) << 16) + np.int64(far_low[rank]) + _FAR
    return np.int64(far_words[rank])


def bound_searches(
    sequence: np.ndarray,
    length: int,
    words: int,
    ids: np.ndarray,
    contexts: np.ndarray,
    places: np.ndarray,
    first: np.ndarray,
    left: np.ndarray,
    sought: np.ndarray,
    kind: int,
    blocks: np.ndarray,
    ends: np.ndarray,
    bits: np.ndarray,
    bit_words: int,
    wide: np.ndarray,
    wides: int,
    ngrams: int,
) -> int:
    """Finds the places of a text whose word is to be looked for, and among which n-grams.

    `ids` int32 has the id of the n-gram of the order before that ends at a place, or −1, and becomes −1;
    `contexts` int32 becomes that of the n-gram that ends before the place. A word is looked for if that is
    stored, and its suffix; `<s>` (the id `words`) and gaps are none. Returns how many there are: `places`,
    the `first` n-gram of each context, how many are `left` to look at, and the 16 bits `sought`, all int32.
    """
    some = 0
    for place in range(length - 1, 0, -1):
        context = ids[place - 1]
        contexts[place] = context
        places[some] = place
        some += int((context >= 0) & (ids[place] >= 0) & (sequence[place] < words))
        ids[place] = -1
    contexts[0] = ids[0] = -1
    wanted = 0
    for index in range(some):
        place = places[index]
        begin, end = start_in(kind, blocks, ends, bits, bit_words, wide, wides, np.int64(contexts[place]))
        begin = min(max(begin, np.int64(0)), np.int64(ngrams))
        # since ids ascend, a word's place among the others is at most its id
        number = min(min(max(end, begin), np.int64(ngrams)) - begin, np.int64(sequence[place]) + 1)
        places[wanted], first[wanted], left[wanted] = place, begin, number
        sought[wanted] = min(sequence[place], _FAR)
        wanted += int(number > 0)
    return wanted


def bisect(
    wanted: int, first: np.ndarray, left: np.ndarray, sought: np.ndarray, low: np.ndarray, found: np.ndarray
) -> int:
    """The last n-gram, from `first` on, whose word is not above the one `sought`, or the first: `found`.

    There is room for LANES more than are wanted. `left` is lost.
    """
    for index in range(wanted, wanted + LANES - 1):
        first[index], left[index], sought[index] = 0, 1, 0
    for start in range(0, wanted, LANES):
        most = np.int64(1)
        for index in range(start, start + LANES):
            most = max(most, np.int64(left[index]))
            found[index] = first[index]
        while most > 1:
            for index in range(start, start + LANES):
                half = left[index] >> 1
                at = found[index]
                found[index] = at + half if low[at + half] <= sought[index] else at
                left[index] -= half
            most -= most >> 1
    return 0


def take_found(
    sequence: np.ndarray,
    ids: np.ndarray,
    wanted: int,
    places: np.ndarray,
    first: np.ndarray,
    sought: np.ndarray,
    found: np.ndarray,
    low: np.ndarray,
    ngrams: int,
    counted: int,
    far: np.ndarray,
    far_words: np.ndarray,
    far_low: np.ndarray,
    far_high: np.ndarray,
    before: np.ndarray,
    fars: int,
) -> int:
    """Puts the n-grams that are stored into `ids`. Of the far words of a context, the last one was found."""
    for index in range(wanted):
        place, at = places[index], np.int64(found[index])
        word = np.int64(sequence[place])
        hit = low[at] == sought[index]
        if hit and word >= _FAR:
            begin = far_before(counted, far, fars, low, ngrams, before, first[index])
            behind = far_before(counted, far, fars, low, ngrams, before, at + 1)
            end, rank = behind, begin
            while end - rank > 1:
                middle = (rank + end) >> 1
                if far_word(counted, far_words, far_low, far_high, middle) <= word:
                    rank = middle
                else:
                    end = middle
            hit = rank < behind and far_word(counted, far_words, far_low, far_high, rank) == word
            at -= behind - 1 - rank  # they are side by side
        ids[place] = at if hit else np.int64(-1)
    return 0


SIGNATURES = {
    "bound_searches": "int32* int64 int64 int32* int32* int32* int32* int32* int32* int64 int32* uint8* "
    "uint64* int64 int32* int64 int64",
    "bisect": "int64 int32* int32* int32* uint16* int32*",
    "take_found": "int32* int32* int64 int32* int32* int32* int32* uint16* int64 int64 int32* int32* uint16* "
    "uint8* int32* int64",
}
HELPERS = ("set_bits", "behind_one", "start_in", "far_before", "far_word")
