"""One word at a time: what a decoder or a keyboard asks of a table, without arrays in between.

Input: a `BackoffTable`, and word ids one by one. A history is the ids of the n-grams that end it, from one
word up, each in its order: the contexts of the next word. If an n-gram is stored, so is its suffix. So these
orders have no gap, and the stored n-grams that the next word ends have none either.

Output: ln p of a word, the order of the n-gram that it was found in, and the next history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.continuations import Continuations

if TYPE_CHECKING:
    from baselines.ngram.table.codebook import Numbers

#: The ids of the last n-gram of each order, from 1 up, that ends a history.
History = tuple[int, ...]


class Lookup:
    """Looks words up in a table. Arrays mapped from files stay there; `memoryview` reads single numbers."""

    def __init__(self, table: BackoffTable) -> None:
        self.order = table.order
        self.start: History = (table.words,) if table.order > 1 else ()
        self._find = [_finder(each) for each in table.continuations]
        self._log_probs = [_reader(each) for each in table.log_probs]
        self._log_backoffs = [_reader(each) for each in table.log_backoffs]

    def next(self, history: History, word: int) -> tuple[float, int, History]:
        """ln p(word | history), the order of the longest stored n-gram that `word` ends, the next history."""
        matched = word
        longer = [word]
        for find, context in zip(self._find, history):  # noqa: B905 (as long as the history)
            found = find(context, word)
            if found < 0:
                break
            matched = found
            longer.append(found)
        length = len(longer)
        log_prob = self._log_probs[length - 1](matched)
        for order in range(length - 1, len(history)):
            log_prob += self._log_backoffs[order](history[order])
        if length == self.order:
            longer.pop()
        return log_prob, length, tuple(longer)

    def log_prob(self, context: Sequence[int], word: int) -> float:
        """ln p(word | context), of which the last `order` − 1 words count: from the longest n-gram down."""
        backed_off = 0.0
        for begin in range(max(0, len(context) - self.order + 1), len(context)):
            stored = self._stored(context, begin)
            if stored >= 0:
                order = len(context) - begin
                found = self._find[order - 1](stored, word)
                if found >= 0:
                    return self._log_probs[order](found) + backed_off
                backed_off += self._log_backoffs[order - 1](stored)
        return self._log_probs[0](word) + backed_off

    def _stored(self, words: Sequence[int], begin: int) -> int:
        """The id of the n-gram that the words from `begin` on are, or −1."""
        found = words[begin]
        for find, word in zip(self._find, words[begin + 1 :]):  # noqa: B905 (shorter than the highest order)
            found = find(found, word)
            if found < 0:
                break
        return found


def _reader(numbers: Numbers) -> Callable[[int], float]:
    """A function that gives the number at an index."""
    return numbers.data.__getitem__ if isinstance(numbers, np.ndarray) else numbers.reader()


def _finder(continuations: Continuations) -> Callable[[int, int], int]:
    """A function that gives the id of the n-gram of a context and a word, or −1."""
    bounds, find = continuations.starts.reader(), continuations.words.finder()

    def of(context: int, word: int) -> int:
        first, last = bounds(context)
        return find(word, first, last)

    return of
