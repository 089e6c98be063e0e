"""Where the continuations of each context begin, in about three bits for each context."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from baselines.ngram.table.ids import index_type
from baselines.ngram.table.layout import BITS, BLOCK, FURTHEST
from baselines.ngram.table.offsets import Offsets, wide_bounds, wide_place

_ONES, _TWOS, _FOURS = (np.uint64(n) for n in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F))
_BYTES, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
#: Where the bit of a byte is that is its first, second, … one: uint8 [256, 8].
_IN_BYTE = np.array(
    [([place for place in range(8) if byte >> place & 1] + [0] * 8)[:8] for byte in range(256)],
    dtype=np.uint8,
)


@dataclass(frozen=True)
class UnaryOffsets:
    """The numbers of `Offsets` from counts in unary (the upper bits of Elias & Fano's code).

    `bits` uint64: for each context a 0 for each of its continuations, then a 1; the lowest bit is the first.
    `blocks` int32 or int64 [blocks] holds the start of each block of 32 contexts, so that its bits begin at
    start + 32 · block. A block with more than 255 continuations has `blocks[b] = −1 − i` instead, and
    its 33 starts are row i of `wide`. `contexts`: how many there are.
    """

    bits: np.ndarray
    blocks: np.ndarray
    wide: np.ndarray
    contexts: int

    @classmethod
    def of(cls, offsets: Offsets) -> UnaryOffsets:
        """The same offsets, in fewer bits."""
        counts = offsets.counts().astype(np.int64)
        ends = np.cumsum(counts)
        number = index_type(int(ends[-1]) if len(ends) else 0)
        ones = ends + np.arange(len(ends))  # of each context, the bit that ends it
        packed = np.zeros((int(ones[-1]) if len(ones) else 0) // 8 + 1, dtype=np.uint8)
        np.bitwise_or.at(packed, ones >> 3, (1 << (ones & 7)).astype(np.uint8))
        bits = np.zeros(len(packed) // 8 + 3, dtype=np.uint64)  # a search reads one word beyond
        bits.view(np.uint8)[: len(packed)] = packed
        starts = np.append(0, ends)
        blocks = starts[:-1:BLOCK]
        after = starts[np.minimum(np.arange(len(blocks)) * BLOCK + BLOCK, len(counts))]
        many = np.flatnonzero(after - blocks > FURTHEST)
        rows = starts.take(many[:, None] * BLOCK + np.arange(BLOCK + 1), mode="clip")
        blocks = blocks.astype(number)
        blocks[many] = -1 - np.arange(len(many))
        return cls(bits, blocks, rows.ravel().astype(number), len(counts))

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays."""
        return self.bits, self.blocks, self.wide

    @property
    def nbytes(self) -> int:
        return self.bits.nbytes + self.blocks.nbytes + self.wide.nbytes

    def __len__(self) -> int:
        """The number of contexts."""
        return self.contexts

    def bounds(self, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first continuation of each of `contexts` (int64), and how many it has: integers [contexts]."""
        block, within = contexts >> BITS, contexts & (BLOCK - 1)
        first = self.blocks.take(block).astype(np.int64)
        wide = np.flatnonzero(first < 0)
        begin = np.maximum(first, 0) + block * BLOCK
        before = self._end(begin, within)
        count = self._end(begin + within + before, np.ones_like(within))
        first += before
        if len(wide):
            first[wide], count[wide] = wide_bounds(self.blocks, self.wide, contexts.take(wide))
        return first, count

    def _end(self, begin: np.ndarray, ones: np.ndarray) -> np.ndarray:
        """How many bits from `begin` to the 1 that is number `ones` from there are 0; none for number 0."""
        end, left = begin.copy(), ones.copy()
        some = np.flatnonzero(left)
        while len(some):
            window = self._window(end.take(some))
            count = _bit_counts(window) * _BYTES >> np.uint64(56)
            beyond = count.astype(np.int64) < left.take(some)
            here = some[~beyond]
            end[here] += _place(window[~beyond], left.take(here)) + 1
            left[here] = 0
            some, count = some[beyond], count[beyond]
            end[some] += 64
            left[some] -= count.astype(np.int64)
        return end - begin - ones

    def _window(self, begin: np.ndarray) -> np.ndarray:
        """The 64 bits from each place: uint64."""
        word, shift = begin >> 6, (begin & 63).astype(np.uint64)
        above = self.bits.take(word + 1) << (np.uint64(63) - shift) << np.uint64(1)
        return self.bits.take(word) >> shift | above

    def reader(self) -> Callable[[int], tuple[int, int]]:
        """See `Offsets.reader`."""

        bits, blocks, wide = (each.data for each in (self.bits, self.blocks, self.wide))

        def end(begin: int, ones: int) -> int:
            """The bit behind the 1 that is number `ones` from `begin`."""
            place, left = begin >> 6, ones
            word = bits[place] >> (begin & 63) << (begin & 63)
            while (count := word.bit_count()) < left:
                left -= count
                place += 1
                word = bits[place]
            for _ in range(left - 1):
                word &= word - 1
            return (place << 6) + (word & -word).bit_length()

        def of(context: int) -> tuple[int, int]:
            block, within = context >> BITS, context & (BLOCK - 1)
            first = blocks[block]
            if first < 0:
                place = wide_place(first, within)
                return wide[place], wide[place + 1]
            begin = first + block * BLOCK
            behind = end(begin, within) if within else begin
            return behind - block * BLOCK - within, end(behind, 1) - block * BLOCK - within - 1

        return of

    def counts(self) -> np.ndarray:
        """The number of continuations of each context: int64 [contexts]."""
        ones = np.flatnonzero(np.unpackbits(self.bits.view(np.uint8), bitorder="little"))
        return np.diff(ones, prepend=-1) - 1

    def fault(self, contexts: int, continuations: int) -> str | None:
        """What is wrong with arrays read from files, if anything."""
        counts = self.counts()
        if len(counts) != contexts or int(counts.sum()) != continuations:
            return f"its bits count {len(counts):,} contexts with {int(counts.sum()):,} n-grams"
        starts = np.append(0, np.cumsum(counts))
        wide = np.flatnonzero(self.blocks < 0)
        rows = starts.take(wide[:, None] * BLOCK + np.arange(BLOCK + 1), mode="clip").ravel()
        near = np.flatnonzero(self.blocks >= 0)
        if (
            len(self.blocks) != -(-contexts // BLOCK)
            or not np.array_equal(self.blocks[wide], -1 - np.arange(len(wide)))
            or not np.array_equal(self.wide, rows)
            or not np.array_equal(self.blocks[near], starts[near * BLOCK])
        ):
            return "its blocks do not begin where its bits say"
        return None


def _bit_counts(words: np.ndarray) -> np.ndarray:
    """How many bits are set in each byte of each word: uint64, a byte for a byte."""
    pairs = words - (words >> np.uint64(1) & _ONES)
    fours = (pairs & _TWOS) + (pairs >> np.uint64(2) & _TWOS)
    return fours + (fours >> np.uint64(4)) & _FOURS


def _place(words: np.ndarray, ones: np.ndarray) -> np.ndarray:
    """The place of the 1 that is number `ones` (from 1) in each word, which has as many: int64."""
    up_to = _bit_counts(words) * _BYTES  # set bits in each byte and those below
    number = ones.astype(np.uint64)
    reached = (up_to | _HIGH) - number * _BYTES & _HIGH  # the highest bit of each byte that has reached it
    byte = np.uint64(8) - ((reached >> np.uint64(7)) * _BYTES >> np.uint64(56))
    shift = byte * np.uint64(8)
    below = np.where(byte > 0, up_to >> (shift - np.minimum(shift, np.uint64(8))) & np.uint64(255), 0)
    rank = (number - below.astype(np.uint64) - np.uint64(1)).astype(np.int64)
    return (shift + _IN_BYTE[(words >> shift & np.uint64(255)).astype(np.int64), rank]).astype(np.int64)
