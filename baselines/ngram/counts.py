"""Counting: how often each n-gram of each order occurs in a training sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from baselines.ngram.keys import ABSENT, contexts_of, distinct, extend, find, index_type, last_words


@dataclass(frozen=True)
class OrderCounts:
    """The n-grams of one order, in the order of their keys (see `baselines.ngram.keys`).

    `keys` int64 [n] ascending; `counts` int64 [n], occurrences; `suffix` [n], the id of each n-gram
    without its first word among those one shorter; `starts`, the id from which on the n-grams begin with
    `<s>`; `words`, the size of the vocabulary. Order 1 lists every word, seen or not, then `<s>`,
    which is no target and so counts 0.
    """

    keys: np.ndarray
    counts: np.ndarray
    suffix: np.ndarray
    starts: int
    words: int

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def contexts(self) -> np.ndarray:
        """Id of each n-gram without its last word among those one shorter: ascending."""
        return contexts_of(self.keys, self.words)

    @cached_property
    def last_words(self) -> np.ndarray:
        """Last word of each n-gram."""
        return last_words(self.keys, self.words)


def sums_by_context(ngrams: OrderCounts, values: np.ndarray, contexts: int) -> np.ndarray:
    """Σ_w values(h w) for each of the `contexts` contexts h one shorter: float64 [contexts]."""
    return np.bincount(ngrams.contexts, weights=values, minlength=contexts)


def count_ngrams(
    sequence: np.ndarray, words: int, order: int, finished: Callable[[int], None] = lambda _: None
) -> list[OrderCounts]:
    """Counts of the n-grams of orders 1 to `order` of a sequence that marks sentence starts by `words`.

    `sequence` is what `baselines.ngram.history.training_sequence` gives. `finished(n)` is called as
    order n is done. Time grows as order · tokens · log tokens, by sorting; memory is about 30 bytes a
    token for the work on one order and 20 bytes for each n-gram kept.
    """
    counts = np.bincount(sequence, minlength=words + 1)
    counts[words] = 0
    every_word = np.arange(words + 1, dtype=np.int64)
    orders = [OrderCounts(every_word, counts, np.zeros(words + 1, dtype=np.int32), words, words)]
    nodes = sequence
    finished(1)
    for n in range(2, order + 1):
        positions, keys = extend(nodes, sequence, words)
        table, counts = distinct(keys)
        ids = find(table, keys)
        suffix = np.empty(len(table), dtype=nodes.dtype)
        suffix[ids] = nodes[positions]
        starts = int(np.searchsorted(table, orders[-1].starts * (words + 1)))
        orders.append(OrderCounts(table, counts, suffix, starts, words))
        nodes = np.full(len(sequence), ABSENT, dtype=index_type(len(sequence)))
        nodes[positions] = ids
        finished(n)
    return orders
