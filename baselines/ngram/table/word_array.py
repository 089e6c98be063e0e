"""Words of a vocabulary in 16 bits each, and as few more as its size asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LOW_BITS = 16


@dataclass(frozen=True)
class WordArray:
    """Word ids: `low` uint16 [n], their low 16 bits; `high` uint8, `bits` more of each, packed.

    `bits` is 0, 1, 2, 4 or 8: entry i has its high bits in the byte `i · bits // 8`, lowest entries in
    the lowest bits. A vocabulary beyond 24 bits is held as uint32 in `low` alone.
    """

    low: np.ndarray
    high: np.ndarray
    bits: int

    @classmethod
    def of(cls, words: np.ndarray, vocabulary: int) -> WordArray:
        """The ids `words`, each below `vocabulary`."""
        bits = high_bits(vocabulary)
        none = np.empty(0, dtype=np.uint8)
        if bits is None:
            return cls(words.astype(np.uint32), none, 0)
        low = words.astype(np.uint16)
        if not bits:
            return cls(low, none, 0)
        per_byte = 8 // bits
        high = np.zeros(-(-len(words) // per_byte) * per_byte, dtype=np.uint8)
        high[: len(words)] = words >> _LOW_BITS
        shifts = np.arange(per_byte, dtype=np.uint8) * np.uint8(bits)
        return cls(low, np.bitwise_or.reduce(high.reshape(-1, per_byte) << shifts, axis=1), bits)

    def __len__(self) -> int:
        return len(self.low)

    @property
    def nbytes(self) -> int:
        return self.low.nbytes + self.high.nbytes

    @property
    def dtype(self) -> np.dtype:
        """The type of what `take` gives."""
        return np.dtype(np.uint32) if self.bits else self.low.dtype

    def take(self, indices: np.ndarray) -> np.ndarray:
        """The words at `indices` (int64); one past the end is read as the last."""
        low = self.low.take(indices, mode="clip")
        if not self.bits:
            return low
        per_byte = 8 // self.bits
        high = self.high.take(indices // per_byte, mode="clip")
        high >>= ((indices & (per_byte - 1)) * self.bits).astype(np.uint8)
        high &= np.uint8((1 << self.bits) - 1)
        return low | high.astype(np.uint32) << np.uint32(_LOW_BITS)

    def all(self) -> np.ndarray:
        """Every word."""
        return self.take(np.arange(len(self))) if self.bits else self.low


def high_bits(vocabulary: int) -> int | None:
    """Bits beyond 16 that each word of a vocabulary of this size gets; None: too many, it takes 32."""
    needed = max(0, (vocabulary - 1).bit_length() - _LOW_BITS)
    return next((bits for bits in (0, 1, 2, 4, 8) if bits >= needed), None)
