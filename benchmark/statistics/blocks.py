"""Scores summed over blocks of targets, from which all that is uncertain about them is computed."""

from __future__ import annotations

import numpy as np


def block_sums(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The sum of each block, float64 [blocks], from `values` [targets].

    `offsets` [blocks + 1] ascend from 0 to the number of targets; no block is empty.
    """
    return np.add.reduceat(np.asarray(values, dtype=np.float64), offsets[:-1])


def grouped_sums(values: np.ndarray, groups: np.ndarray, offsets: np.ndarray, most: int) -> np.ndarray:
    """The sum of each group within each block, float64 [most, blocks].

    `groups` [targets] are numbers below `most`. Summed over all groups it is `block_sums`.
    """
    block = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    at = np.asarray(groups, dtype=np.int64) * (len(offsets) - 1) + block
    sums = np.bincount(at, weights=values, minlength=most * (len(offsets) - 1))
    return sums.reshape(most, len(offsets) - 1)
