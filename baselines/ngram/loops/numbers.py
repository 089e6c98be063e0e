"""Loops over the numbers of n-grams, to be compiled: see `loops.build` and `table.searched`."""

from __future__ import annotations

import numpy as np

from baselines.ngram.loops.words import Whole
from baselines.ngram.table.layout import RARE as _RARE

#: How the numbers of n-grams are kept.
PLAIN, CODES, WIDE_CODES, ESCAPED = range(4)


def number_at(
    kind: int,
    plain: np.ndarray,
    codes: np.ndarray,
    wide_codes: np.ndarray,
    values: np.ndarray,
    last: int,
    places: np.ndarray,
    rare: np.ndarray,
    rares: int,
    index: Whole,
) -> np.float32:
    """The number of an n-gram: itself, or that of its code, which is at most `last`."""
    if kind == PLAIN:
        return plain[index]
    code = np.int64(wide_codes[index]) if kind == WIDE_CODES else np.int64(codes[index])
    if kind == ESCAPED and code == _RARE:
        begin, end = np.int64(0), np.int64(rares) - 1
        while begin < end:
            middle = (begin + end) >> 1
            if places[middle] < index:
                begin = middle + 1
            else:
                end = middle
        return rare[begin]
    return values[min(code, np.int64(last))]


def add_numbers(
    ids: np.ndarray,
    contexts: np.ndarray,
    length: int,
    scores: np.ndarray,
    prob_kind: int,
    probs: np.ndarray,
    prob_codes: np.ndarray,
    prob_wide_codes: np.ndarray,
    prob_values: np.ndarray,
    prob_last: int,
    prob_places: np.ndarray,
    prob_rare: np.ndarray,
    prob_rares: int,
    weight_kind: int,
    weights: np.ndarray,
    weight_codes: np.ndarray,
    weight_wide_codes: np.ndarray,
    weight_values: np.ndarray,
    weight_last: int,
    weight_places: np.ndarray,
    weight_rare: np.ndarray,
    weight_rares: int,
) -> int:
    """ln p of the words whose n-gram is stored, at `ids`; if only its context is, ln b is added to `scores`.

    `scores` float64. The others are the arrays of the n-grams' ln p and of their contexts' ln b: see
    `table.codebook` and `table.escaped`.
    """
    for place in range(length):
        if ids[place] >= 0:
            scores[place] = number_at(
                prob_kind,
                probs,
                prob_codes,
                prob_wide_codes,
                prob_values,
                prob_last,
                prob_places,
                prob_rare,
                prob_rares,
                np.int64(ids[place]),
            )
        elif contexts[place] >= 0:
            scores[place] += number_at(
                weight_kind,
                weights,
                weight_codes,
                weight_wide_codes,
                weight_values,
                weight_last,
                weight_places,
                weight_rare,
                weight_rares,
                np.int64(contexts[place]),
            )
    return 0


_NUMBERS = "int64 float32* uint8* uint16* float32* int64 int32* float32* int64"
SIGNATURES = {"add_numbers": f"int32* int32* int64 float64* {_NUMBERS} {_NUMBERS}"}
HELPERS = ("number_at",)
