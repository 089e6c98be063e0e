"""Loops over the bytes and words of a text, to be compiled: see `loops.build`.

Each takes addresses of arrays and whole numbers, and returns a whole number. Nothing is checked: who calls
them sees that the arrays are long enough. All constants are uint64, since numba makes a float of the sum of a
uint64 and an int64.

A word is known by a key of 64 bits, as in `benchmark.corpus.word_numbering`. Slots uint64 [2 · slots] hold a
key and the number of its type, or 0 where nothing is: open addressing with linear probing.
"""

from __future__ import annotations

import numpy as np

from benchmark.corpus.word_numbering import LONG_BITS as _LONG_BITS
from benchmark.corpus.word_numbering import LONG_MARK as _LONG_MARK

Whole = int | np.int64
_U = np.uint64
_ZERO, _ONE, _BYTE, _ALL = _U(0), _U(1), _U(8), _U((1 << 64) - 1)
_ONES = _U(0x0101_0101_0101_0101)  # a one in each byte
_LOW, _HIGH = _U(0x7F7F_7F7F_7F7F_7F7F), _U(0x8080_8080_8080_8080)
_ABOVE_SPACE = _U(0x5F5F_5F5F_5F5F_5F5F)  # lifts seven bits above 32 into the eighth
_SPREAD = _U(0x9E37_79B9_7F4A_7C15)  # see `benchmark.corpus.type_table`
_TOP, _SEVEN, _MIX, _FOLD = _U(56), _U(7), _U(29), _U(32)
#: What the state of `number_words` says.
PLACE, TOKENS, TYPES, LIMIT, SPELLED = range(5)


def load(text: np.ndarray, at: Whole) -> np.uint64:
    """Eight bytes from a place on, the first one lowest. It becomes one instruction."""
    return (
        _U(text[at])
        | _U(text[at + 1]) << _U(8)
        | _U(text[at + 2]) << _U(16)
        | _U(text[at + 3]) << _U(24)
        | _U(text[at + 4]) << _U(32)
        | _U(text[at + 5]) << _U(40)
        | _U(text[at + 6]) << _U(48)
        | _U(text[at + 7]) << _U(56)
    )


def not_above_space(loaded: np.uint64) -> np.uint64:
    """The highest bit of each byte that is at most a space, and of some behind the first of these.

    (Mycroft's trick: Knuth, TAOCP 4A, 7.1.3.)
    """
    return ~(((loaded & _LOW) + _ABOVE_SPACE) | loaded) & _HIGH


def ones_before(low: np.uint64) -> np.uint64:
    """Ones over the bytes before the lowest bit of `low`, which is the highest of its byte."""
    return ((low & (_ZERO - low)) >> _SEVEN) - _ONE


def number_of(ones: np.uint64) -> np.int64:
    """Over how many bytes, up to seven, `ones` are."""
    return np.int64(((ones & _ONES) * _ONES) >> _TOP)


def word_length(text: np.ndarray, start: Whole, separators: np.ndarray) -> np.int64:
    """The bytes of the word that begins at `start`; a separator is behind it.

    Eight bytes at a time are searched for one that is at most a space. What is none of the separators is a
    part of the word.
    """
    length = np.int64(0)
    while True:
        low = not_above_space(load(text, start + length))
        if low == _ZERO:
            length += 8
            continue
        length += number_of(ones_before(low))
        if separators[text[start + length]] != 0:
            return length
        length += 1


def padded(text: np.ndarray, start: Whole, length: Whole) -> np.uint64:
    """Up to eight bytes of a word, with 0xFF behind its end."""
    loaded = load(text, start)
    return loaded | (_ALL << (_U(length) * _BYTE)) if length < 8 else loaded


def word_key(text: np.ndarray, start: Whole, length: Whole, multiplier: np.uint64) -> np.uint64:
    """Its key: `_hash_long_words` of `benchmark.corpus.word_numbering` for one word."""
    key = padded(text, start, length)
    if length <= 8:
        return key
    offset = 8
    while offset < length:
        key *= multiplier
        key ^= key >> _MIX
        key += padded(text, start + offset, length - offset)
        offset += 8
    key *= multiplier
    key ^= key >> _FOLD
    return (key & _LONG_BITS) | _LONG_MARK


def home(key: np.uint64, seed: np.uint64, shift: np.uint64) -> np.uint64:
    """The first slot to look for a key in. One product alone would put some rows of keys side by side."""
    mixed = key * seed
    mixed ^= mixed >> _FOLD
    return (mixed * _SPREAD) >> shift


def number_words(
    text: np.ndarray,
    length: int,
    separators: np.ndarray,
    multiplier: np.uint64,
    slots: np.ndarray,
    seed: np.uint64,
    shift: np.uint64,
    state: np.ndarray,
    keys: np.ndarray,
    spelled: np.ndarray,
    first: np.ndarray,
    lengths: np.ndarray,
    counts: np.ndarray,
    numbers: np.ndarray,
) -> int:
    """Numbers the words of a text, and counts them; a newline is 0. New types are numbered as they come.

    `text` uint8 [length + 16], with spaces behind the `length` that count. `state` is read and written: the
    place to begin at, the tokens written, the number for the next type, the one to stop before (the slots are
    then full enough), and the bytes of `spelled`, where the types' bytes are: from `first` on, `lengths` of
    them. `keys` are those of the types. `seed` is odd, and `shift` 64 less the bits of a slot's number.
    Returns 1 if another word has the same key, and else 0.
    """
    place, tokens = state[0], state[1]
    while place < length:
        loaded = load(text, place)
        low = not_above_space(loaded)
        before = ones_before(low)
        size = number_of(before)
        code = text[place + size]
        if low != _ZERO and separators[code] != 0:
            if size == 0:
                if code == 10:
                    numbers[tokens] = 0
                    tokens += 1
                    counts[0] += 1
                place += 1
                continue
            key = loaded | ~before
        else:
            size = word_length(text, place, separators)
            key = word_key(text, place, size, multiplier)
        at = home(key, seed, shift)
        while slots[at + at + _ONE] != _ZERO and slots[at + at] != key:
            at = (at + _ONE) & (_ALL >> shift)
        number = np.int64(slots[at + at + _ONE])
        if number == 0:
            if state[2] == state[3]:
                break
            number = state[2]
            state[2] = number + 1
            slots[at + at], slots[at + at + _ONE] = key, _U(number)
            keys[number], lengths[number], counts[number], first[number] = key, size, 0, state[4]
            for index in range(size):
                spelled[state[4] + index] = text[place + index]
            state[4] += size
        elif size > 8:
            if lengths[number] != size:
                return 1
            for index in range(size):
                if spelled[first[number] + index] != text[place + index]:
                    return 1
        counts[number] += 1
        numbers[tokens] = number
        tokens += 1
        place += size
        if text[place] == 32:
            place += 1
    state[0], state[1] = place, tokens
    return 0


def renumber(
    slots: np.ndarray,
    seed: np.uint64,
    shift: np.uint64,
    keys: np.ndarray,
    begin: int,
    end: int,
    order: np.ndarray,
    numbers: np.ndarray,
    tokens: int,
) -> int:
    """Gives the types from `begin` to `end` other numbers: `order` int32 has the new one of each.

    `keys` are those of the types by their new numbers; `numbers` are those of `tokens` words.
    """
    for number in range(begin, end):
        at = home(keys[number], seed, shift)
        while slots[at + at] != keys[number]:
            at = (at + _ONE) & (_ALL >> shift)
        slots[at + at + _ONE] = _U(number)
    for token in range(tokens):
        if numbers[token] >= begin:
            numbers[token] = order[numbers[token] - begin]
    return 0


def fill_slots(
    slots: np.ndarray, seed: np.uint64, shift: np.uint64, keys: np.ndarray, begin: int, end: int
) -> int:
    """Puts the types from `begin` to `end`, whose `keys` are given by number, into empty slots."""
    for number in range(begin, end):
        at = home(keys[number], seed, shift)
        while slots[at + at + _ONE] != _ZERO:
            at = (at + _ONE) & (_ALL >> shift)
        slots[at + at], slots[at + at + _ONE] = keys[number], _U(number)
    return 0


def with_starts(
    numbers: np.ndarray, length: int, ids: np.ndarray, last: int, start: int, sequence: np.ndarray
) -> int:
    """The ids of types, with `start` behind every type 0. A number above `last` has the id of `last`."""
    place = 0
    for index in range(length):
        number = int(numbers[index])
        sequence[place] = ids[min(number, last)]
        place += 1
        if number == 0:
            sequence[place] = start
            place += 1
    return place


#: The arguments of each loop, and what they call.
SIGNATURES = {
    "number_words": "uint8* int64 uint8* uint64 uint64* uint64 uint64 int64* uint64* uint8* int64* int32* "
    "int64* int32*",
    "renumber": "uint64* uint64 uint64 uint64* int64 int64 int32* int32* int64",
    "fill_slots": "uint64* uint64 uint64 uint64* int64 int64",
    "with_starts": "int32* int64 int32* int64 int64 int32*",
}
HELPERS = ("load", "not_above_space", "ones_before", "number_of", "word_length", "padded", "word_key", "home")
