"""Ranks as ranges, where rows of a table do not differ."""

from __future__ import annotations

import numpy as np

from benchmark.statistics import LEVEL, ROUNDING, student
from benchmark.statistics.bootstrap import Bootstrap
from benchmark.statistics.randomisation import holm

#: Pairs whose p-values are computed at a time.
_AT_A_TIME = 1_000


def rank_ranges(compared: Bootstrap) -> list[tuple[int, int]]:
    """The best and the worst rank of each row of a table, the lowest mean being the best.

    Two rows differ if the p-value of their difference, by Student's t over blocks and seeds and adjusted by
    Holm over all pairs of the table, is below 5%, and they are more than `ROUNDING` apart. The best rank is
    then 1 + the number of rows that are better, the worst n − the number of rows that are worse. All ranges
    hold together with a probability of 95% (Mogstad, Romano, Shaikh and Wilhelm 2024, Inference for ranks).
    """
    rows = len(compared.means)
    first, second = np.triu_indices(rows, 1)
    p = [
        pairwise_p(compared, first[start : start + _AT_A_TIME], second[start : start + _AT_A_TIME])
        for start in range(0, len(first), _AT_A_TIME)
    ]
    differ = holm(np.concatenate([*p, np.zeros(0)])) < 1 - LEVEL
    differ &= np.abs(compared.means[first] - compared.means[second]) > ROUNDING
    better = np.zeros((rows, rows), dtype=bool)
    lower = compared.means[first] < compared.means[second]
    better[first, second] = differ & lower
    better[second, first] = differ & ~lower
    return [(1 + int(better[:, row].sum()), rows - int(better[row].sum())) for row in range(rows)]


def pairwise_p(compared: Bootstrap, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """`compared.p` of the differences of many pairs of rows, float64 [pairs]."""
    covariance, by_seeds = compared.covariance, compared.seed_variance
    text = covariance[first, first] + covariance[second, second] - 2 * covariance[first, second]
    text = np.maximum(text, 0)
    samples = np.maximum(1, np.array(compared.seeds) - 1)  # a single seed has no variance to divide
    variance = text + by_seeds[first] + by_seeds[second]
    squares = text**2 / np.minimum(compared.text_freedom[first], compared.text_freedom[second])
    squares += by_seeds[first] ** 2 / samples[first] + by_seeds[second] ** 2 / samples[second]
    difference = compared.means[first] - compared.means[second]
    known = variance > 0
    p = np.where(difference == 0, 1.0, 0.0)
    t = difference[known] / np.sqrt(variance[known])
    p[known] = student.two_sided_p(t, variance[known] ** 2 / squares[known])
    return p
