"""Does a difference need an explanation? Randomisation p-values, and p-values of many comparisons."""

from __future__ import annotations

import numpy as np

from benchmark.statistics.bootstrap import RESAMPLES, SEED

#: A sum counts as reaching the observed one if it misses it by no more than rounding.
_ROUNDING = 1e-9
#: Assignments of signs that are tried at a time.
_AT_A_TIME = 500


def sign_flip_p(differences: np.ndarray, resamples: int = RESAMPLES, seed: int = SEED) -> np.ndarray:
    """Two-sided p-values of paired differences: float64 [pairs], from sums by block [pairs, blocks].

    If two models are alike, then in each block either of them might have had the other's loss. So the signs
    of the blocks' differences are drawn at random, and p is the share of draws whose total is at least as far
    from zero as the observed one (Fisher 1935; Noreen 1989). With no more than `resamples` assignments of
    signs, all of them are tried and p is exact. Otherwise it is (1 + reached) / (1 + draws), which is never
    zero (Phipson and Smyth 2010).
    """
    differences = np.atleast_2d(np.asarray(differences, dtype=np.float64))
    blocks = differences.shape[1]
    least = np.abs(differences.sum(axis=1)) - _ROUNDING * np.abs(differences).sum(axis=1)

    def reached(signs: np.ndarray) -> np.ndarray:
        return (np.abs((signs * 2.0 - 1) @ differences.T) >= least).sum(axis=0)

    if blocks < 60 and 1 << blocks <= resamples:
        return reached(np.arange(1 << blocks)[:, None] >> np.arange(blocks) & 1) / (1 << blocks)
    random = np.random.default_rng(seed)
    found = np.zeros(len(differences), dtype=np.int64)
    for start in range(0, resamples, _AT_A_TIME):
        rows = min(_AT_A_TIME, resamples - start)
        bits = random.integers(256, size=(rows, -(-blocks // 8)), dtype=np.uint8)
        found += reached(np.unpackbits(bits, axis=1, count=blocks))
    return (1 + found) / (1 + resamples)


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's (1979) adjusted p-values, in the order given.

    The k-th smallest of m becomes the greatest of (m − j + 1) p_(j) over j ≤ k, at most 1. Calling different
    what is below α then errs anywhere in the table with a probability of α at most, however the comparisons
    depend on each other.
    """
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return adjusted
