"""Ranks as ranges, where rows of a table do not differ."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from benchmark.statistics import LEVEL
from benchmark.statistics.bootstrap import Bootstrap
from benchmark.statistics.randomisation import holm


def rank_ranges(compared: Bootstrap) -> list[tuple[int, int]]:
    """The best and the worst rank of each row of a table, the lowest mean being the best.

    Two rows differ if the p-value of their difference, by Student's t over blocks and seeds and adjusted by
    Holm over all pairs of the table, is below 5%. The best rank is then 1 + the number of rows that are
    better, the worst n − the number of rows that are worse. All ranges hold together with a probability of
    95% (Mogstad, Romano, Shaikh and Wilhelm 2024, Inference for ranks).
    """
    rows = len(compared.means)
    pairs = list(combinations(range(rows), 2))
    weights = np.zeros(rows)
    p = np.empty(len(pairs))
    for place, (a, b) in enumerate(pairs):
        weights[a], weights[b] = 1, -1
        p[place] = compared.p(weights)
        weights[a] = weights[b] = 0
    better = np.zeros((rows, rows), dtype=bool)
    for (a, b), adjusted in zip(pairs, holm(p).tolist(), strict=True):
        if adjusted < 1 - LEVEL:
            better[a, b] = compared.means[a] < compared.means[b]
            better[b, a] = not better[a, b]
    return [(1 + int(better[:, row].sum()), rows - int(better[row].sum())) for row in range(rows)]
