"""Scoring a text with a backoff table in machine code: see `loops.trie` and `loops.numbers`.

The scores are those of `BackoffTable`, bit for bit, for every form that its arrays have in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from baselines.ngram.loops.load import Fixed, Loops, loops_for
from baselines.ngram.loops.numbers import CODES, ESCAPED, PLAIN, WIDE_CODES
from baselines.ngram.loops.trie import FULL, LANES, PACKED, UNARY
from baselines.ngram.table.continuations import Continuations
from baselines.ngram.table.ids import ABSENT
from baselines.ngram.table.offsets import Offsets
from baselines.ngram.table.word_array import WordArray

if TYPE_CHECKING:
    from baselines.ngram.table.codebook import Numbers

_NO = {kind: np.empty(0, dtype=kind) for kind in (np.uint8, np.uint16, np.int32, np.uint64, np.float32)}
_NO_RARE = _NO[np.int32], _NO[np.float32], 0


def compiled_trie(
    words: int,
    continuations: Sequence[Continuations],
    log_probs: Sequence[Numbers],
    log_backoffs: Sequence[Numbers],
) -> CompiledTrie | None:
    """The arrays of a `BackoffTable` for the loops; None where there are none, or for ids of 64 bits."""
    loops = loops_for(None)
    if not loops or any(np.int64 in (each.dtype.type for each in some.arrays) for some in continuations):
        return None
    return CompiledTrie(words, continuations, log_probs, log_backoffs, loops)


class CompiledTrie:
    """A backoff table, whose arguments it has, for scoring one text."""

    BLOCK = 1 << 14  # places scored at a time: their arrays fit a core's cache

    def __init__(
        self,
        words: int,
        continuations: Sequence[Continuations],
        log_probs: Sequence[Numbers],
        log_backoffs: Sequence[Numbers],
        loops: Loops,
    ) -> None:
        self._words, self._loops = words, loops
        numbers = (
            (*_of_numbers(one), *_of_numbers(two))
            for one, two in zip(log_probs[1:], log_backoffs, strict=True)
        )
        orders = zip(map(_of_starts, continuations), map(_of_words, continuations), numbers, strict=True)
        self._orders = [tuple(map(_fixed, each)) for each in orders]
        self._room = [Fixed(np.empty(0, dtype=np.int32))]

    def score_block(self, sequence: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """ln p of each word given those before it in the block: float64; `scores` are those given none."""
        length, words, loops = len(sequence), self._words, self._loops
        text, numbers = Fixed(sequence), Fixed(scores)
        ids, contexts, places, first, left, sought, found = self._arrays(length)
        np.copyto(ids.array[:length], sequence)
        ids.array[:length][sequence > words] = ABSENT
        for starts, (low, ngrams, *far), of_ngrams in self._orders:
            searches = places, first, left, sought
            wanted = loops.bound_searches(text, length, words, ids, contexts, *searches, *starts, ngrams)
            loops.bisect(wanted, first, left, sought, low, found)
            loops.take_found(text, ids, wanted, places, first, sought, found, low, ngrams, *far)
            loops.add_numbers(ids, contexts, length, numbers, *of_ngrams)
        return scores

    def _arrays(self, length: int) -> list[Fixed]:
        """Seven arrays with room for a block."""
        if len(self._room[0].array) < length + LANES:
            self._room = [Fixed(np.empty(length + LANES, dtype=np.int32)) for _ in range(7)]
        return self._room


def _fixed(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(Fixed(each) if isinstance(each, np.ndarray) else each for each in values)


def _of_starts(continuations: Continuations) -> tuple[Any, ...]:
    """What `bound_searches` takes of one order, but for how many n-grams it has."""
    starts = continuations.starts
    if isinstance(starts, Offsets):
        said = PACKED if len(starts.ends) else FULL, starts.blocks, starts.ends, _NO[np.uint64], 0
    else:
        said = UNARY, starts.blocks, _NO[np.uint8], starts.bits, len(starts.bits)
    return *said, starts.wide, len(starts.wide)


def _of_words(continuations: Continuations) -> tuple[Any, ...]:
    """What `bisect` and `take_found` take of one order."""
    words = continuations.words
    if isinstance(words, WordArray):
        far = 0, words.far, words.far_words, _NO[np.uint16], _NO[np.uint8], _NO[np.int32], len(words.far)
    else:
        far = 1, _NO[np.int32], _NO[np.int32], words.far_low, words.far_high, words.before, len(words.far_low)
    return words.low, len(words), *far


def _of_numbers(numbers: Numbers) -> tuple[Any, ...]:
    """What `add_numbers` takes of the numbers of one order."""
    if isinstance(numbers, np.ndarray):
        return PLAIN, numbers, _NO[np.uint8], _NO[np.uint16], _NO[np.float32], 0, *_NO_RARE
    from baselines.ngram.table.escaped import EscapedArray  # only smaller tables have one

    kind, narrow, wide, rare = CODES, numbers.codes, _NO[np.uint16], _NO_RARE
    if isinstance(numbers, EscapedArray):
        kind, rare = ESCAPED, (numbers.places, _not_empty(numbers.rare), len(numbers.rare))
    elif numbers.codes.dtype == np.uint16:
        kind, narrow, wide = WIDE_CODES, _NO[np.uint8], numbers.codes
    values = _not_empty(numbers.values)
    return kind, _NO[np.float32], narrow, wide, values, len(values) - 1, *rare


def _not_empty(numbers: np.ndarray) -> np.ndarray:
    """A number, if there is none: a damaged table may ask for it."""
    return numbers if len(numbers) else np.zeros(1, dtype=np.float32)
