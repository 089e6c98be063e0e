"""The floating-point steps of interpolated Kneser-Ney, the same for NumPy arrays and torch tensors.

What is summed are whole numbers, which are exact in any order. What follows are single operations on float64,
each rounded as IEEE 754 says. So the results do not depend on how the n-grams are divided among threads, nor
on the device.
"""

from __future__ import annotations

from baselines.ngram.estimation.discounts import Discounts
from baselines.ngram.sorting.arrays import Array


def discounted_mass(discounts: Discounts, ones: Array, twos: Array, more: Array) -> Array:
    """D₁ N₁(h) + D₂ N₂(h) + D₃₊ N₃₊(h), what the discounts take from each context h: float64 [contexts].

    `ones`, `twos` and `more` [contexts]: how many n-grams h w have a count of 1, of 2, and of more. Tensors
    must be float64, since torch would multiply integers in float32.
    """
    mass = discounts[0] * ones
    mass += discounts[1] * twos
    mass += discounts[2] * more
    return mass


def own_share(counted: Array, taken: Array, total: Array) -> Array:
    """u(h w) = (a(h w) − D(a(h w))) / a(h •) of each n-gram h w: float64 [n-grams].

    `counted` holds integers, the rest is float64, all [n-grams].
    """
    own = counted - taken
    own /= total
    return own


def mixed(own: Array, weight: Array, lower: Array) -> Array:
    """u(h w) + γ(h) p(w | h') of each n-gram h w: float64 [n-grams]. Overwrites `own` and `lower`."""
    lower *= weight
    own += lower
    return own
