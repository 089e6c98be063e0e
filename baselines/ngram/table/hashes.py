"""Hashes of n-grams, word by word: uint64, for arrays and, compiled, for single numbers."""

from __future__ import annotations

import numpy as np

# Odd multipliers that mix bits well: 2^64 / the golden ratio, and those of splitmix64 (Steele et al. 2014).
_FIRST, _SECOND, _THIRD = (
    np.uint64(number) for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
_ONE, _SHIFT, _HALF = np.uint64(1), np.uint64(29), np.uint64(32)


def mixed(numbers: np.ndarray) -> np.ndarray:
    """Hashes of numbers by splitmix64: uint64."""
    hashes = (numbers.astype(np.uint64) + _ONE) * _FIRST
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _SECOND
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _THIRD
    return hashes ^ (hashes >> np.uint64(31))


def extended(contexts: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Hashes of n-grams from those of their contexts and the `mixed` last words: uint64, odd, so never 0."""
    hashes = (contexts * _FIRST ^ words) * _SECOND
    return hashes ^ hashes >> _SHIFT | _ONE


def homes(hashes: np.ndarray, slots: np.uint64) -> np.ndarray:
    """A number below `slots`, below 2^32, for each hash: uint64, from the upper half of its bits."""
    return (hashes >> _HALF) * slots >> _HALF
