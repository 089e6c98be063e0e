"""Generalised Stirling numbers: at how many tables a number of customers sit.

S_d(c, t) is the summed weight of all ways to seat c customers who order the same dish at t tables, in a
Chinese restaurant with discount d (Teh 2006, eq. 15, as the recursion of Buntine & Hutter 2010):

    S_d(1, 1) = 1,    S_d(c + 1, t) = S_d(c, t − 1) + (c − d t) S_d(c, t):

the last customer opens a table, or joins one of the t tables of c others.
"""

from __future__ import annotations

import numpy as np

_BLOCK = 1 << 21  # probabilities formed at a time


class Stirling:
    """Numbers for one discount and up to `limit` customers, indexed [customers − 1, tables − 1], float64.

    `log` holds ln S_d. `joins` holds the expected number of customers who joined a table on account of the
    share t (1 − d) of the weight c − d t = (c − t) + t (1 − d), which the estimate of d needs.
    """

    def __init__(self, discount: float, limit: int) -> None:
        self.discount, self.limit = discount, limit
        tables = np.arange(1, limit + 1)
        self.log = np.full((limit, limit), -np.inf)
        self.joins = np.zeros((limit, limit))
        self.log[0, 0] = 0
        for c in range(1, limit):
            t = tables[: c + 1]
            weight = np.maximum(c - discount * t, 1e-300)  # t = c + 1: all customers opened a table
            joined = self.log[c - 1, : c + 1] + np.log(weight)
            opened = np.concatenate([[-np.inf], self.log[c - 1, :c]])
            self.log[c, : c + 1] = np.logaddexp(opened, joined)
            share = np.exp(joined - self.log[c, : c + 1])
            let_in = t * (1 - discount) / weight
            self.joins[c, : c + 1] = share * self.joins[c - 1, : c + 1]
            self.joins[c, : c + 1] += np.where(share > 0, share * let_in, 0)
            self.joins[c, 1 : c + 1] += (1 - share[1:]) * self.joins[c - 1, :c]

    def sample(
        self, customers: np.ndarray, openness: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, float]:
        """Tables t of each group of customers, P(t) ∝ S_d(c, t) xᵗ with x its `openness`; and Σ `joins`.

        `customers` and the tables are int64 [groups], `openness` float64 [groups]. Exact up to `limit`
        customers, by a saddle-point approximation for more.
        """
        tables = np.ones(len(customers), dtype=np.int64)
        order = np.argsort(customers, kind="stable")
        few = order[: int((customers <= self.limit).sum())]
        sizes, firsts, counts = np.unique(customers[few], return_index=True, return_counts=True)
        for c, first, count in zip(sizes.tolist(), firsts.tolist(), counts.tolist(), strict=True):
            step = max(1, _BLOCK // c)
            for start in range(first, first + count, step):
                some = few[start : min(start + step, first + count)]
                tables[some] = self._exact(c, openness[some], random)
        joins = float(self.joins[customers[few] - 1, tables[few] - 1].sum())
        many = order[len(few) :]
        tables[many], joined = self._saddle_point(customers[many], openness[many], random)
        return tables, joins + joined

    def _exact(self, customers: int, openness: np.ndarray, random: np.random.Generator) -> np.ndarray:
        logs = np.log(openness)[:, None] * np.arange(1, customers + 1) + self.log[customers - 1, :customers]
        cumulative = np.cumsum(np.exp(logs - logs.max(axis=1, keepdims=True)), axis=1)
        drawn = random.random(len(openness)) * cumulative[:, -1]
        return np.minimum(1 + (cumulative < drawn[:, None]).sum(axis=1), customers)

    def _saddle_point(
        self, c: np.ndarray, x: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, float]:
        """Tables of many customers by a normal approximation, and Σ `joins`.

        Σ_t S_d(c, t) xᵗ = c! [zᶜ] exp(x g) = (c − 1)! x [zᶜ⁻¹] g' exp(x g), g(z) = (1 − (1 − z)ᵈ) / d. At the
        saddle point z of the last, t has the mean 1 + x g and the variance x g − (x g')² / φ'', φ the
        logarithm of its integrand. ∂ ln S / ∂d is evaluated there too, with ψ instead of ln near the
        singularity of the integrand, 1; this is exact for one table.
        """
        d = self.discount
        low, high = np.full(len(c), -100.0), np.full(len(c), 100.0)
        for _ in range(60):  # bisection for y = 1 − z, by its logit
            middle = (low + high) / 2
            y, z = 1 / (1 + np.exp(-middle)), 1 / (1 + np.exp(middle))
            beyond = x * y ** (d - 1) + (1 - d) / y > (c - 1) / z
            low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
        g, slope = (1 - y**d) / d, y ** (d - 1)
        curvature = (1 - d) * (x * y ** (d - 2) + 1 / y**2) + (c - 1) / z**2
        variance = x * g - (x * slope) ** 2 / curvature
        drawn = 1 + x * g + np.sqrt(np.maximum(variance, 0)) * random.standard_normal(len(c))
        powers = 1 - d + x * y**d  # at the singularity, the order of its pole
        joins = x * g * (1 / d + y**d * np.log(y) / (1 - y**d)) - np.log(y / powers) - digamma(powers)
        return np.clip(np.rint(drawn), 1, c).astype(np.int64), float((1 - d) * joins.sum())


def digamma(x: np.ndarray | float) -> np.ndarray:
    """ψ(x) for x > 0, to 1e-9: six steps up, then the asymptotic series (Abramowitz & Stegun 6.3.18)."""
    x = np.asarray(x, dtype=np.float64)
    y = x + 6
    series = np.log(y) - 1 / (2 * y) - 1 / (12 * y**2) + 1 / (120 * y**4) - 1 / (252 * y**6)
    return series - sum(1 / (x + i) for i in range(6))
