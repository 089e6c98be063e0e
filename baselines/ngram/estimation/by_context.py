"""Going through the n-grams of an order a block at a time. A block holds all n-grams of its contexts.

So what is summed over the n-grams of a context is the same as for the whole order, bit for bit, and an order
takes little memory beside what is kept of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.sorting import files

#: n-grams: their arrays fit a core's cache. Only a context with more makes a larger block.
BLOCK = 1 << 16
_FORGOTTEN = 8  # after so many blocks, what was touched of mapped files is forgotten


def context_blocks(contexts: np.ndarray) -> Iterator[slice]:
    """Slices of about a block each that do not divide a context. `contexts` [n-grams] ascend."""
    start = 0
    while start < len(contexts):
        stop = start + BLOCK
        if stop < len(contexts):
            stop = start + int(np.searchsorted(contexts[start:stop], contexts[stop]))
        else:
            stop = len(contexts)
        if stop <= start:  # one context fills the block: take all of it
            stop = int(np.searchsorted(contexts, contexts[start], side="right"))
        yield slice(start, stop)
        start = stop


def parts(ngrams: OrderCounts, *beside: np.ndarray) -> Iterator[tuple[slice, slice, OrderCounts]]:
    """For each block which n-grams and which contexts it holds, and these by themselves.

    A part numbers its contexts from 0. Contexts that nothing follows may be in no part. What was touched of
    mapped files is forgotten now and then: the arrays of `ngrams` and those `beside`.
    """
    arrays = (ngrams.contexts, ngrams.last_words, ngrams.counts, ngrams.suffix, *beside)
    for number, some in enumerate(context_blocks(ngrams.contexts), 1):
        contexts, last_words, counts, suffix = (np.asarray(each[some]) for each in arrays[:4])
        held = slice(int(contexts[0]), int(contexts[-1]) + 1)
        starts = min(max(ngrams.starts - some.start, 0), len(contexts))
        number_of_contexts = held.stop - held.start
        yield (
            some,
            held,
            OrderCounts(
                contexts - contexts[0], last_words, counts, suffix, starts, ngrams.words, number_of_contexts
            ),
        )
        if number % _FORGOTTEN == 0:
            files.forget(*arrays)
    files.forget(*arrays)
