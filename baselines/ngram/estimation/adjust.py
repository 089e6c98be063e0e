"""Adjusting counts: from occurrences to the counts that Kneser-Ney smoothing discounts.

Input: `OrderCounts` of each order, from 1 up.

Output: for each order, adjusted counts in the order of its n-grams: int32 [n-grams] below the highest order,
the given counts at the highest.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from baselines.ngram.counting.counts import OrderCounts

_BLOCK = 1 << 20  # n-grams


def adjusted_counts(counts: list[OrderCounts]) -> list[np.ndarray]:
    """Adjusted counts a(·) of the n-grams of each order.

    At the highest order a is the count. Below, it is the number of distinct words seen to the left of the
    n-gram, N₁₊(• g) (Kneser & Ney 1995); or the count if the n-gram begins with `<s>`, since nothing can
    precede it.
    """
    adjusted = []
    for ngrams, longer in pairwise(counts):
        lefts = np.zeros(len(ngrams), dtype=np.int32)
        for start in range(0, len(longer), _BLOCK):
            np.add.at(lefts, longer.suffix[start : start + _BLOCK].astype(np.int64), np.int32(1))
        lefts[ngrams.starts :] = ngrams.counts[ngrams.starts :]
        adjusted.append(lefts)
    return [*adjusted, counts[-1].counts]
