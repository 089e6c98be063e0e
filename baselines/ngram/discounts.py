"""Discounts of modified Kneser-Ney smoothing, from counts of counts."""

from __future__ import annotations

import numpy as np

#: What KenLM's `--discount_fallback` takes where the closed form gives nothing usable.
FALLBACK = (0.5, 1.0, 1.5)


def counts_of_counts(counts: np.ndarray) -> tuple[int, int, int, int]:
    """n₁ … n₄: how many n-grams have each of the counts 1 to 4."""
    seen = np.bincount(np.minimum(counts, 5), minlength=6)
    return int(seen[1]), int(seen[2]), int(seen[3]), int(seen[4])


def closed_form(n1: int, n2: int, n3: int, n4: int) -> tuple[float, float, float] | None:
    """D₁, D₂ and D₃₊, what is taken from counts of 1, of 2, and of 3 and more.

    Dᵢ = i − (i + 1) Y nᵢ₊₁ / nᵢ with Y = n₁ / (n₁ + 2 n₂) (Chen & Goodman 1998, eq. 26). None where that
    is impossible, on text too small or too regular (characters, classes): n₁, n₂ or n₃ is 0, or a
    discount is not in (0, i]. KenLM lets a discount of exactly 0 pass; here it is impossible too, as it
    can leave unseen words without any probability.
    """
    if not (n1 and n2 and n3):
        return None
    y = n1 / (n1 + 2 * n2)
    d1, d2, d3 = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    if not (0 < d1 <= 1 and 0 < d2 <= 2 and 0 < d3 <= 3):
        return None
    return d1, d2, d3
