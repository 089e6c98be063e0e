"""Numbering the types of whitespace-separated words: many words at a time, and exact.

A type's number is provisional: the vocabulary later assigns ids by frequency. A word of up to eight
bytes is its own 64-bit key. A longer word is hashed to a key that no short word can have, and its bytes
are then compared with those of the type found, so two different words never share a type.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmark.corpus.growing_array import GrowingArray
from benchmark.corpus.type_table import TypeTable

NEWLINE, SPACE = 10, 32
#: ASCII whitespace, as `bytes.split` defines it.
SEPARATORS = np.zeros(256, dtype=bool)
SEPARATORS[[9, 10, 11, 12, 13, 32]] = True

WORD = 8  # bytes in a 64-bit load
#: Indexed by how many bytes of a word are in an 8-byte load: ones over the bytes after the word's end.
#: UTF-8 never contains 0xFF, so the padded load tells words of different lengths apart.
PADDING = np.array([(1 << 64) - (1 << 8 * n) for n in range(8)] + [0], dtype=np.uint64)
#: Top byte of a long word's key. UTF-8 never contains 0xC0, so no padded short word has it there.
LONG_MARK = np.uint64(0xC0 << 56)
LONG_BITS = np.uint64((1 << 56) - 1)
#: Odd multipliers for hashing long words; when two words collide, the next one is tried.
MULTIPLIERS = (0x9FB2_1C65_1E98_DF25, 0xC2B2_AE3D_27D4_EB4F, 0xFF51_AFD7_ED55_8CCD)


class HashCollision(Exception):
    """Two long words have the same key: hash again with another multiplier."""


class LookedUp(NamedTuple):
    """The words of a chunk, their keys, and the numbers of their types (-1 for types not yet known)."""

    words: _Words
    keys: np.ndarray
    layers: list[_Layer]
    numbers: np.ndarray


class WordNumberer:
    """Numbers word types from 0, in the order of the chunks in which they first occur.

    `separators` bool [256]: the bytes between words, of which none is above that of a space.
    """

    def __init__(self, multiplier: int = MULTIPLIERS[0], separators: np.ndarray = SEPARATORS) -> None:
        self._multiplier, self._separators = np.uint64(multiplier), separators
        self._table = TypeTable()
        self._spellings = _Spellings()

    def number(self, chunk: bytes) -> tuple[np.ndarray, np.ndarray]:
        """The type of each word (int32 [words]) and, for each newline, how many words precede it.

        `chunk` is valid UTF-8 and ends where a word ends. Raises HashCollision.
        """
        return self.settle(self.look_up(chunk))

    def look_up(self, chunk: bytes) -> LookedUp:
        """The first and longer half of `number`. It changes nothing, so it can run in parallel."""
        words = _Words(chunk, self._separators)
        keys = words.bytes_at(0)
        layers = _hash_long_words(words, keys, self._multiplier)
        return LookedUp(words, keys, layers, self._table.find(keys))

    def settle(self, looked_up: LookedUp) -> tuple[np.ndarray, np.ndarray]:
        """The second half of `number`: gives new words their types. No chunk may be looked up meanwhile."""
        words, keys, numbers = looked_up.words, looked_up.keys, looked_up.numbers
        missing = np.flatnonzero(numbers < 0)
        if len(missing):
            numbers[missing] = self._table.find(keys[missing])
            new = missing[numbers[missing] < 0]
            distinct, first = np.unique(keys[new], return_index=True)
            self._spellings.add(words, new[first])
            self._table.add(distinct)
            numbers[new] = self._table.find(keys[new])
        if not self._spellings.agree(words.lengths, looked_up.layers, numbers):
            raise HashCollision
        return numbers, words.before_newlines

    def types(self) -> list[bytes]:
        """The bytes of every type, in order of number."""
        return self._spellings.spelled()


class _Words:
    """The positions of the words in a chunk, and their bytes, eight at a time."""

    def __init__(self, chunk: bytes, separators: np.ndarray) -> None:
        # A separator on either side of every word, and room for the last word's last load.
        padded = np.frombuffer(b" " + chunk + b" " * WORD, dtype=np.uint8)
        codes = padded[: len(chunk) + 2]
        # A 64-bit load from every byte position: the strides overlap on purpose.
        self._loads = np.ndarray((len(codes),), dtype="<u8", buffer=padded.data, strides=(1,))
        separating = _separating(codes, separators)
        edges = np.flatnonzero(separating[1:] != separating[:-1])
        edges += 1
        self.starts = edges[0::2]
        self.lengths = edges[1::2] - self.starts
        self.before_newlines = np.searchsorted(self.starts, np.flatnonzero(codes == NEWLINE))

    def bytes_at(self, offset: int, chosen: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Eight bytes (uint64) of each chosen word from `offset` on, padded with 0xFF after its end."""
        starts, lengths = self.starts[chosen], self.lengths[chosen]
        loaded = self._loads[starts + offset if offset else starts]
        loaded |= PADDING.take(lengths - offset if offset else lengths, mode="clip")
        return loaded


def _separating(codes: np.ndarray, separators: np.ndarray) -> np.ndarray:
    """Which bytes are separators: bool."""
    separating: np.ndarray = codes <= SPACE
    if np.count_nonzero(separating) > np.count_nonzero(codes == SPACE) + np.count_nonzero(codes == NEWLINE):
        return separators[codes]  # there are tabs and the like, or control characters within words
    return separating


#: The long words that reach to a certain offset: their indices among the words, and eight bytes of each.
_Layer = tuple[np.ndarray, np.ndarray]


def _hash_long_words(words: _Words, keys: np.ndarray, multiplier: np.uint64) -> list[_Layer]:
    """Replace the keys of long words by hashes; return the words' bytes, one layer for every eight."""
    long = np.flatnonzero(words.lengths > WORD)
    if not len(long):
        return []
    hashed = keys[long]
    layers = [(long, keys[long])]
    rows = np.arange(len(long))
    offset = WORD
    while len(rows):
        loaded = words.bytes_at(offset, long[rows])
        layers.append((long[rows], loaded))
        mixed = hashed[rows] * multiplier
        mixed ^= mixed >> np.uint64(29)
        hashed[rows] = mixed + loaded
        offset += WORD
        rows = rows[words.lengths[long[rows]] > offset]
    hashed *= multiplier
    hashed ^= hashed >> np.uint64(32)
    keys[long] = (hashed & LONG_BITS) | LONG_MARK
    return layers


class _Spellings:
    """The types' bytes, eight by eight, to compare words with."""

    def __init__(self) -> None:
        self._loads = GrowingArray(np.uint64)
        self._first = GrowingArray(np.int64)  # a type's first load
        self._lengths = GrowingArray(np.int64)  # in bytes

    def add(self, words: _Words, new: np.ndarray) -> None:
        """Append the chosen words as types."""
        lengths = words.lengths[new]
        loads = -(-lengths // WORD)
        first = len(self._loads) + np.cumsum(loads) - loads
        self._first.extend(first)
        self._lengths.extend(lengths)
        self._loads.extend(np.empty(int(loads.sum()), dtype=np.uint64))
        rows = np.arange(len(new))
        layer = 0
        while len(rows):
            self._loads.view()[first[rows] + layer] = words.bytes_at(WORD * layer, new[rows])
            layer += 1
            rows = rows[loads[rows] > layer]

    def spelled(self) -> list[bytes]:
        """The bytes of every type."""
        data = self._loads.view().astype("<u8", copy=False).tobytes()
        begins = WORD * self._first.view()
        ends = begins + self._lengths.view()
        return [data[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]

    def agree(self, lengths: np.ndarray, layers: list[_Layer], numbers: np.ndarray) -> bool:
        """Whether every long word has the spelling of the type that was found for it."""
        if not layers:
            return True
        long = layers[0][0]
        if not np.array_equal(self._lengths.view()[numbers[long]], lengths[long]):
            return False
        loads, first = self._loads.view(), self._first.view()
        return all(
            np.array_equal(loads[first[numbers[places]] + layer], loaded)
            for layer, (places, loaded) in enumerate(layers)
        )
