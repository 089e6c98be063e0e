"""Numbering the words of a text in machine code: as `WordTokens`, and counting them on the way.

Types have the same numbers as there: those of a piece of text are numbered in the order of their keys.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from baselines.ngram.loops.load import Loops
from baselines.ngram.loops.words import LIMIT, PLACE, SPELLED, TOKENS, TYPES
from benchmark.corpus.marks import END
from benchmark.corpus.token_numbering import closed
from benchmark.corpus.word_numbering import MULTIPLIERS, SEPARATORS, WORD, HashCollision

_BEYOND = 16  # bytes behind a text that a loop may read
_SEPARATORS = SEPARATORS.astype(np.uint8)


class CompiledWords:
    """A `WordNumberer`. `multiplier` hashes long words."""

    def __init__(self, loops: Loops, multiplier: int = MULTIPLIERS[0]) -> None:
        self._loops, self._multiplier = loops, multiplier
        # nobody can write a text whose words all want the same slots
        self._seed = int.from_bytes(os.urandom(8), "little") | 1
        self._bits = 0
        self._keys, self._first = np.empty(1, np.uint64), np.zeros(1, np.int64)
        self._lengths, self._counts = np.zeros(1, np.int32), np.zeros(1, np.int64)
        self._spelled = np.empty(0, np.uint8)
        self._state = np.zeros(5, np.int64)
        self._state[TYPES] = 1
        self._slots = self._grown(15)

    def numbers(
        self, pieces: Iterable[bytes], each: Callable[..., Iterable[Any]] = map
    ) -> Iterator[np.ndarray]:
        self._counts[:] = 0
        return map(self._numbered, closed(pieces))

    def counts(self) -> np.ndarray:
        return self._counts[: self._state[TYPES]].copy()

    def find(self, word: str) -> int | None:
        key = np.uint64(int.from_bytes(word.encode().ljust(WORD, b"\xff"), "little"))
        found = np.flatnonzero(self._keys[1 : self._state[TYPES]] == key)
        return int(found[0]) + 1 if len(found) else None

    def types(self) -> list[str]:
        spelled = self._spelled.tobytes()
        begins = self._first[1 : self._state[TYPES]]
        ends = (begins + self._lengths[1 : self._state[TYPES]]).tolist()
        words = [spelled[begin:end] for begin, end in zip(begins.tolist(), ends, strict=True)]
        joined = b" ".join(words).decode()  # decoded at once, not type by type
        return [END, *joined.split(" ")] if words else [END]

    def put_ids(self, numbers: np.ndarray, ids: np.ndarray, start: int, sequence: np.ndarray) -> None:
        self._loops.with_starts(numbers, len(numbers), ids, len(ids) - 1, start, sequence)

    def _numbered(self, piece: bytes) -> np.ndarray:
        text = np.frombuffer(piece + b" " * _BEYOND, dtype=np.uint8)
        numbers = np.empty(len(piece), dtype=np.int32)
        state, before = self._state, int(self._state[TYPES])
        self._spelled = _longer(self._spelled, int(state[SPELLED]) + len(piece))
        state[PLACE] = state[TOKENS] = 0
        while True:
            arrays = (state, self._keys, self._spelled, self._first, self._lengths, self._counts, numbers)
            hashing = (self._multiplier, self._slots, self._seed, 64 - self._bits)
            if self._loops.number_words(text, len(piece), _SEPARATORS, *hashing, *arrays):
                raise HashCollision
            if state[PLACE] >= len(piece):  # it may take the first space behind it
                break
            self._slots = self._grown(self._bits + 2)
        numbers = numbers[: state[TOKENS]].copy()
        if state[TYPES] > before:
            self._sort(before, numbers)
        return numbers

    def _sort(self, before: int, numbers: np.ndarray) -> None:
        """Number the new types, from `before` on, in the order of their keys."""
        end = int(self._state[TYPES])
        order = np.argsort(self._keys[before:end])
        for each in (self._keys, self._first, self._lengths, self._counts):
            each[before:end] = each[before:end][order]
        new = np.empty(len(order), dtype=np.int32)
        new[order] = np.arange(before, end, dtype=np.int32)
        slots = (self._slots, self._seed, 64 - self._bits, self._keys)
        self._loops.renumber(*slots, before, end, new, numbers, len(numbers))

    def _grown(self, bits: int) -> np.ndarray:
        """Slots for 2^`bits` words, half of which are filled at most, and room for so many types."""
        self._bits, most = bits, 1 << bits - 1
        self._keys, self._first = _longer(self._keys, most), _longer(self._first, most)
        self._lengths, self._counts = _longer(self._lengths, most), _longer(self._counts, most)
        self._state[LIMIT] = most
        slots = np.zeros(2 << bits, dtype=np.uint64)
        self._loops.fill_slots(slots, self._seed, 64 - bits, self._keys, 1, int(self._state[TYPES]))
        return slots


def _longer(array: np.ndarray, length: int) -> np.ndarray:
    """The array with room for `length` elements, and for as many again if there was not."""
    if length <= len(array):
        return array
    grown = np.zeros(max(length, 2 * len(array)), dtype=array.dtype)
    grown[: len(array)] = array
    return grown
