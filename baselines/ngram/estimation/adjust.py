"""Adjusting counts: from occurrences to what Kneser-Ney smoothing discounts.

In: the counts of each order. Out: one array of adjusted counts beside each.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from baselines.ngram.counting.counts import OrderCounts

_BLOCK = 1 << 20  # n-grams


def adjusted_counts(counts: list[OrderCounts]) -> list[np.ndarray]:
    """Adjusted counts a(·) of the n-grams of each order: integer arrays beside `counts`.

    At the highest order a is the count. Below, it is the number of distinct words seen to the left of
    the n-gram, N₁₊(• g) (Kneser & Ney 1995), or the count where nothing can stand there: the n-gram
    begins with `<s>`.
    """
    adjusted = []
    for ngrams, longer in pairwise(counts):
        lefts = np.zeros(len(ngrams), dtype=np.int32)
        for start in range(0, len(longer), _BLOCK):
            np.add.at(lefts, longer.suffix[start : start + _BLOCK].astype(np.int64), np.int32(1))
        lefts[ngrams.starts :] = ngrams.counts[ngrams.starts :]
        adjusted.append(lefts)
    return [*adjusted, counts[-1].counts]
