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

    def log_prob(self, history: History, word: int) -> float:
        """ln p(word | history), searched from the longest n-gram down."""
        backed_off = 0.0
        for order in range(len(history) - 1, -1, -1):
            found = self._find[order](history[order], word)
            if found >= 0:
                return self._log_probs[order + 1](found) + backed_off
            backed_off += self._log_backoffs[order](history[order])
        return self._log_probs[0](word) + backed_off

    def history(self, words: Sequence[int]) -> History:
        """The history of the next word after these, of which only the last `order` − 1 are needed."""
        ids: list[int] = []
        for word in words[max(0, len(words) - self.order + 1) :]:
            longer = [word]
            for find, context in zip(self._find, ids):  # noqa: B905 (no n-gram of the highest order goes on)
                found = find(context, word)
                if found < 0:
                    break
                longer.append(found)
            ids = longer
        return tuple(ids)


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
