"""The work of one worker: count the n-grams that begin with some words, and find the words that precede them.

Input: the shards of a text, one at a time: consecutive places, with the token before them and the order − 1
tokens after them: int32. The id `words` + 1, which is no token, precedes the first token of a text, and
`<s>`, the id `words`, follows the last one.

Output: the rows of the tables that begin with those words, sorted by their words from left to right.

Only the windows of `order` tokens at the places of these n-grams are held, and the token before each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from baselines.ngram.loops.load import Loops, loops_for
from baselines.ngram.sorting.arrays import NumpyArrays
from baselines.ngram.sorting.by_range import sort_range
from baselines.ngram.sorting.ranges import SortedRange

_ID_BITS = 32
_BLOCK = 1 << 18  # places scanned at a time: their arrays fit a core's cache


@dataclass(frozen=True)
class PrefixRange:
    """n-grams whose first word is in [low, high) and whose second is in [second_low, second_high)."""

    low: int
    high: int
    second_low: int
    second_high: int

    def __str__(self) -> str:
        second = (
            f", then words {self.second_low} to {self.second_high - 1}" if self.high - self.low == 1 else ""
        )
        return f"words {self.low} to {self.high - 1}{second}"


@dataclass(frozen=True)
class PartCounts:
    """The n-grams of orders 2 to N in a `PrefixRange`; ids count from 0 within the part; all int32.

    `ngrams[n − 2]`: the contexts (order 2: words), last words and counts of order n, sorted by context and
    then by last word. `extensions[n − 2]`, n < N: each word that precedes an n-gram of order n, and the id of
    that n-gram, sorted by word and then by id. Nothing precedes `<s>`.
    """

    ngrams: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
    extensions: list[tuple[np.ndarray, np.ndarray]]


def shards(sequence: np.ndarray, words: int, order: int, length: int) -> Iterator[np.ndarray]:
    """The sequence in pieces of `length` places, each with one token before and order − 1 after: int32."""
    for start in range(0, len(sequence), length):
        before = sequence[start - 1 : start] if start else np.array([words + 1])
        inside = sequence[start : start + length + order - 1]
        behind = np.full(min(length, len(sequence) - start) + order - 1 - len(inside), words)
        yield np.concatenate([before, inside, behind], dtype=np.int32)


def count_part(pieces: Iterable[np.ndarray], beginnings: PrefixRange, words: int, order: int) -> PartCounts:
    """Count the n-grams of orders 2 to `order` in this range, in a text given by its `shards`."""
    loops = loops_for(None)
    windows = [window.ravel() for piece in pieces for window in _windows(piece, beginnings, order, loops)]
    text = np.concatenate([*windows, [words]], dtype=np.int32)
    del windows
    places = np.arange(len(text) // (order + 1)) * (order + 1) + 1
    found = sort_range(text, places, words, beginnings.low, order, NumpyArrays(loops))
    ngrams = [_joined(found, n) for n in range(2, order + 1)]
    row = order + 1
    if beginnings.high > words:  # no n-gram begins with a word before `<s>`
        text[:-1:row][text[1::row] == words] = words + 1
    left = text[:-1:row].copy()
    return PartCounts(ngrams, [_extensions(found, n, left, row, words) for n in range(2, order)])


def _windows(
    shard: np.ndarray, beginnings: PrefixRange, order: int, loops: Loops | None
) -> Iterator[np.ndarray]:
    """The token before each place where such an n-gram begins, and the `order` tokens from there: rows."""
    if loops:
        yield from _windows_by(loops, shard, beginnings, order)
        return
    low, width = np.int32(beginnings.low), np.uint32(beginnings.high - beginnings.low)
    for start in range(0, len(shard) - order, _BLOCK):
        block = shard[start : start + _BLOCK + order]
        places = np.flatnonzero((block[1 : len(block) - order + 1] - low).view(np.uint32) < width)
        second = block[2:].take(places)
        places = places[(second >= beginnings.second_low) & (second < beginnings.second_high)]
        yield np.lib.stride_tricks.sliding_window_view(block, order + 1)[places]


def _windows_by(loops: Loops, shard: np.ndarray, beginnings: PrefixRange, order: int) -> Iterator[np.ndarray]:
    rows = np.empty((min(_BLOCK, len(shard)), order + 1), dtype=np.int32)
    firsts, seconds = (beginnings.low, beginnings.high), (beginnings.second_low, beginnings.second_high)
    for start in range(0, len(shard) - order, _BLOCK):
        block = np.ascontiguousarray(shard[start : start + _BLOCK + order])
        number = loops.read_windows(block, len(block) - order, order + 1, *firsts, *seconds, rows)
        yield rows[:number].copy()


def _joined(found: SortedRange, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sections = found.sections.get(n, [])
    columns = ([getattr(each, name) for each in sections] for name in ("contexts", "words", "counts"))
    contexts, last, counts = (
        np.concatenate([*each, []], dtype=np.int32, casting="unsafe") for each in columns
    )
    return contexts, last, counts


def _extensions(
    found: SortedRange, n: int, left: np.ndarray, row: int, words: int
) -> tuple[np.ndarray, np.ndarray]:
    begun = [each.places for each in found.sections.get(n, []) if each.places is not None]
    places = np.concatenate([*(each.places for each in begun), []], dtype=np.int32, casting="unsafe")
    places //= row
    keys = left.take(places).astype(np.int64)
    keys <<= _ID_BITS
    keys |= np.concatenate([*(each.ids for each in begun), []], dtype=np.int32, casting="unsafe")
    keys.sort()
    keys = keys[: np.searchsorted(keys, (words + 1) << _ID_BITS)]
    if len(keys):
        keys = keys[np.append(True, keys[1:] != keys[:-1])]
    return (keys >> _ID_BITS).astype(np.int32), keys.astype(np.int32)
