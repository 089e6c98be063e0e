"""What one worker does: the n-grams that begin with some words, and what stands left of them.

In: the shards of a text, read past one at a time. Out: the rows of the tables that begin with those words.
Only the windows of `order` tokens at their places are held, and the token before each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from baselines.ngram.counting.arrays import NumpyArrays
from baselines.ngram.counting.sorting import Range, sort_range

_ARRAYS = NumpyArrays()
_ID_BITS = 32


@dataclass(frozen=True)
class Beginnings:
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
class Part:
    """The n-grams of orders 2 to N with certain beginnings; ids count from 0 within the part, all int32.

    `ngrams[n − 2]`: the contexts (order 2: words), last words and counts of those of order n, in the
    order of the tables. `extensions[n − 2]`, n < N: each word that stands left of one of them, and its
    id, by the word and then the id; `<s>` has nothing on its left.
    """

    ngrams: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
    extensions: list[tuple[np.ndarray, np.ndarray]]


def shards(sequence: np.ndarray, words: int, order: int, length: int) -> Iterator[np.ndarray]:
    """The sequence in pieces of `length` places, each with the token before and the order − 1 behind.

    Before the first token stands `words` + 1, which is nothing; behind the last, `<s>` (`words`).
    """
    for start in range(0, len(sequence), length):
        before = sequence[start - 1 : start] if start else np.array([words + 1])
        inside = sequence[start : start + length + order - 1]
        behind = np.full(min(length, len(sequence) - start) + order - 1 - len(inside), words)
        yield np.concatenate([before, inside, behind], dtype=np.int32)


def count_part(pieces: Iterable[np.ndarray], beginnings: Beginnings, words: int, order: int) -> Part:
    """Count the n-grams of orders 2 to `order` with these beginnings in a text of these `shards`."""
    windows = [_windows(piece, beginnings, words, order).ravel() for piece in pieces]
    text = np.concatenate([*windows, [words]], dtype=np.int32)
    del windows
    places = np.arange(len(text) // (order + 1)) * (order + 1) + 1
    found = sort_range(text, places, words, beginnings.low, order, _ARRAYS)
    ngrams = [_joined(found, n) for n in range(2, order + 1)]
    return Part(ngrams, [_extensions(found, n, text, words) for n in range(2, order)])


def _windows(shard: np.ndarray, beginnings: Beginnings, words: int, order: int) -> np.ndarray:
    """The token before each place where such an n-gram begins, and the `order` from there on: a row each."""
    first, second = shard[1 : len(shard) - order + 1], shard[2 : len(shard) - order + 2]
    wanted = (first >= beginnings.low) & (first < beginnings.high) & (second < words)
    wanted &= (second >= beginnings.second_low) & (second < beginnings.second_high)
    return np.lib.stride_tricks.sliding_window_view(shard, order + 1)[np.flatnonzero(wanted)]


def _joined(found: Range, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sections = found.sections.get(n, [])
    columns = ([getattr(each, name) for each in sections] for name in ("contexts", "words", "counts"))
    contexts, last, counts = (
        np.concatenate([*each, []], dtype=np.int32, casting="unsafe") for each in columns
    )
    return contexts, last, counts


def _extensions(found: Range, n: int, text: np.ndarray, words: int) -> tuple[np.ndarray, np.ndarray]:
    begun = [each.places for each in found.sections.get(n, []) if each.places is not None]
    places = np.concatenate([*(each.places for each in begun), []], dtype=np.int32, casting="unsafe")
    keys = text.take(places - 1).astype(np.int64)
    keys <<= _ID_BITS
    keys |= np.concatenate([*(each.ids for each in begun), []], dtype=np.int32, casting="unsafe")
    extended = (text.take(places) != words) & (keys >> _ID_BITS <= words)
    keys = keys[extended]
    keys.sort()
    keys = keys[np.flatnonzero(np.diff(keys, prepend=-1))]
    return (keys >> _ID_BITS).astype(np.int32), keys.astype(np.int32)
