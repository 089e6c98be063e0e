"""Discounts of modified Kneser-Ney smoothing, from counts of counts.

Input: the adjusted counts of each order, from 1 up; n-grams in any order.

Output: three discounts for each order, and the orders where the closed form was impossible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from baselines.ngram.sorting.room import IN_MEMORY

#: D₁, D₂ and D₃₊ of one order.
Discounts = tuple[float, float, float]


class Log(Protocol):
    """What takes remarks, such as a `RunLog`."""

    def info(self, message: str) -> None:
        """A remark."""


#: The discounts of KenLM's `--discount_fallback`, used if the closed form gives nothing usable.
FALLBACK = (0.5, 1.0, 1.5)


def counts_of_counts(counts: np.ndarray) -> tuple[int, int, int, int]:
    """n₁ … n₄: how many n-grams have each of the counts 1 to 4. `counts` [n-grams] in any order."""
    seen = np.zeros(6, dtype=np.int64)
    for some in IN_MEMORY.blocks(counts):
        seen += np.bincount(np.minimum(counts[some], 5).astype(np.int64), minlength=6)
    n1, n2, n3, n4 = seen[1:5].tolist()
    return n1, n2, n3, n4


def closed_form(n1: int, n2: int, n3: int, n4: int) -> Discounts | None:
    """D₁, D₂ and D₃₊, which are taken from counts of 1, of 2, and of 3 and more.

    Dᵢ = i − (i + 1) Y nᵢ₊₁ / nᵢ with Y = n₁ / (n₁ + 2 n₂) (Chen & Goodman 1998, eq. 26). None if that is
    impossible, as on text that is too small or too regular (characters, classes): n₁, n₂ or n₃ is 0, or a
    discount is not in (0, i]. KenLM accepts a discount of exactly 0; here it counts as impossible, because
    it can leave unseen words without any probability.
    """
    if not (n1 and n2 and n3):
        return None
    y = n1 / (n1 + 2 * n2)
    d1, d2, d3 = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    if not (0 < d1 <= 1 and 0 < d2 <= 2 and 0 < d3 <= 3):
        return None
    return d1, d2, d3


def choose_discounts(adjusted: Sequence[np.ndarray], log: Log) -> tuple[list[Discounts], list[int]]:
    """Discounts of each order by the closed form, and the orders where it was impossible."""
    return discounts_of([counts_of_counts(each) for each in adjusted], log)


def discounts_of(
    counts: Sequence[tuple[int, int, int, int]],
    log: Log,
    formula: Callable[[int, int, int, int], Discounts | None] = closed_form,
    fallback: Discounts = FALLBACK,
) -> tuple[list[Discounts], list[int]]:
    """Discounts of each order from its n₁ … n₄ by `formula`, or `fallback` in the orders where that was
    impossible; and these orders."""
    discounts, fallback_orders = [], []
    for n, seen in enumerate(counts, 1):
        chosen = formula(*seen)
        if chosen is None:
            fallback_orders.append(n)
            log.info(
                f"order {n}: no Kneser-Ney discounts from n1, n2, n3, n4 = {', '.join(map(str, seen))}; "
                f"took {', '.join(map(str, fallback))}"
            )
        discounts.append(chosen or fallback)
    return discounts, fallback_orders
