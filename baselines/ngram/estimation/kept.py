"""Which n-grams of an estimate are kept, as `lmplz` drops them, and the table of those alone.

An n-gram is dropped if it occurs rarely (`--prune`) or has a word outside a vocabulary
(`--limit_vocab_file`). Of the n-grams that are kept, so are the contexts and the suffixes: these occur at
least as often.

Arrays are in files if those of the estimate are, and are gone through a block at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.sorting.room import Room


@dataclass(frozen=True)
class Cut:
    """What is dropped.

    - `cutoffs`: n-grams of order n that occur `cutoffs[n − 1]` times or less. That of order 1 is 0, so that
      every word stays, and they never fall.
    - `words` bool [words + 1], last `<s>`: n-grams with a word that is not marked.
    """

    cutoffs: Sequence[int]
    words: np.ndarray

    def kept(self, counts: Sequence[OrderCounts], room: Room) -> list[np.ndarray]:
        """The n-grams of each order that are kept: bool [n-grams]."""
        masks, limited = [self.words], not self.words.all()
        for ngrams, cutoff in zip(counts[1:], self.cutoffs[1:], strict=True):
            mask, shorter = room.zeros(len(ngrams), np.bool_), masks[-1]
            for some in room.blocks(mask, ngrams.counts, ngrams.last_words, ngrams.contexts, shorter):
                mask[some] = ngrams.counts[some] > cutoff
                if limited:
                    mask[some] &= self.words[ngrams.last_words[some]]
                    mask[some] &= shorter[ngrams.contexts[some]]
            masks.append(mask)
        return masks


def only(array: np.ndarray, mask: np.ndarray, room: Room) -> np.ndarray:
    """The elements of an array that are marked."""
    found = room.zeros(sum(int(np.count_nonzero(mask[some])) for some in room.blocks(mask)), array.dtype)
    place = 0
    for some in room.blocks(array, mask, found):
        part = array[some][mask[some]]
        found[place : place + len(part)] = part
        place += len(part)
    return found


def only_ngrams(counts: Sequence[OrderCounts], masks: Sequence[np.ndarray], room: Room) -> list[OrderCounts]:
    """The n-grams that are marked, words and contexts numbered anew; counts and suffixes are of no use."""
    numbers = _numbers(masks[0], room)
    words = int(np.count_nonzero(masks[0])) - 1
    every = np.arange(words + 1, dtype=np.int32)
    made = [replace(counts[0], last_words=every, words=words)]
    above = numbers
    for ngrams, mask in zip(counts[1:], masks[1:], strict=True):
        contexts, last = (only(each, mask, room) for each in (ngrams.contexts, ngrams.last_words))
        for some in room.blocks(contexts, last, above):
            contexts[some] = above[contexts[some]]
            last[some] = numbers[last[some]]
        made.append(replace(ngrams, contexts=contexts, last_words=last, words=words))
        above = _numbers(mask, room)
    return made


def _numbers(mask: np.ndarray, room: Room) -> np.ndarray:
    """How many elements before each one are marked: int32."""
    numbers, before = room.zeros(len(mask), np.int32), 0
    for some in room.blocks(numbers, mask):
        np.cumsum(mask[some], dtype=np.int32, out=numbers[some])
        total = int(numbers[some][-1])
        numbers[some] += np.int32(before) - mask[some].astype(np.int32)
        before += total
    return numbers
