"""Word types by 64-bit key: a vectorised hash table that gives every new key the next number."""

from __future__ import annotations

import numpy as np

#: No word has this key: it would be eight bytes of 0xFF, which UTF-8 never contains.
EMPTY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
#: 2^64 divided by the golden ratio: multiplicative hashing spreads similar keys (Knuth, TAOCP 3, 6.4).
SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)


class TypeTable:
    """Open addressing with linear probing (Knuth, TAOCP 3, 6.4, algorithm L), a batch of keys at once.

    Numbers count up from 0 in the order in which keys are added. At most a quarter of the slots are
    used, so most keys are found in the first slot probed.
    """

    def __init__(self, bits: int = 16) -> None:
        self._size = 0
        self._allocate(bits)

    def __len__(self) -> int:
        return self._size

    def _allocate(self, bits: int) -> None:
        self._shift = np.uint64(64 - bits)
        self._last = (1 << bits) - 1
        self._keys = np.full(1 << bits, EMPTY)
        self._numbers = np.full(1 << bits, -1, dtype=np.int32)

    def _slots(self, keys: np.ndarray) -> np.ndarray:
        slots = keys * SPREAD
        slots >>= self._shift
        return slots.view(np.int64)

    def find(self, keys: np.ndarray) -> np.ndarray:
        """The number of each key (uint64), or -1 for keys that were never added: int32 [keys]."""
        slots = self._slots(keys)
        there = self._keys.take(slots, mode="clip")  # in range by construction: a check takes as long
        numbers = self._numbers.take(slots, mode="clip")
        # An empty slot has the number -1, so only slots that hold another key need a second look.
        onward = np.flatnonzero(there != keys)
        onward = onward[there[onward] != EMPTY]
        slots = slots[onward]
        while len(onward):
            slots = (slots + 1) & self._last
            there = self._keys[slots]
            numbers[onward] = self._numbers[slots]
            other = (there != keys[onward]) & (there != EMPTY)
            onward, slots = onward[other], slots[other]
        return numbers

    def add(self, keys: np.ndarray) -> None:
        """Number new keys, all different and none in the table, in their order."""
        numbers = np.arange(self._size, self._size + len(keys), dtype=np.int32)
        self._size += len(keys)
        if 4 * self._size > len(self._keys):
            filled = self._keys != EMPTY
            keys = np.concatenate([self._keys[filled], keys])
            numbers = np.concatenate([self._numbers[filled], numbers])
            self._allocate((4 * self._size).bit_length())
        slots = self._slots(keys)
        while len(keys):
            free = self._keys[slots] == EMPTY
            # If several keys want one free slot, the last one written gets it and the others move on.
            self._keys[slots[free]] = keys[free]
            self._numbers[slots[free]] = numbers[free]
            homeless = self._keys[slots] != keys
            keys, numbers = keys[homeless], numbers[homeless]
            slots = (slots[homeless] + 1) & self._last
