"""Generalised Stirling numbers: how many tables a number of customers sit at.

S_d(c, t) is the summed weight of all ways to seat c customers who order the same dish at t tables, in a
Chinese restaurant with discount d (Teh 2006, eq. 15, as the recursion of Buntine & Hutter 2010):

    S_d(1, 1) = 1,    S_d(c + 1, t) = S_d(c, t − 1) + (c − d t) S_d(c, t):

the last customer opens a table, or joins one of t that c others sit at.
"""

from __future__ import annotations

import numpy as np

_BLOCK = 1 << 21  # probabilities formed at a time


class Stirling:
    """Tables of one discount for up to `limit` customers; indices [customers − 1, tables − 1].

    `log` holds ln S_d; `joins` the expected number of customers who joined a table and were let in by
    the share t (1 − d) of the weight c − d t = (c − t) + t (1 − d): what an estimate of d needs.
    """

    def __init__(self, discount: float, limit: int) -> None:
        self.discount, self.limit = discount, limit
        tables = np.arange(1, limit + 1)
        self.log = np.full((limit, limit), -np.inf)
        self.joins = np.zeros((limit, limit))
        self.log[0, 0] = 0
        for c in range(1, limit):
            t = tables[: c + 1]
            weight = np.maximum(c - discount * t, 1e-300)  # where t = c + 1 nobody joined
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

        Exact up to `limit` customers. Of more, the first `limit` are seated so, and the others by the
        expected path dt / dc = x / (x + c − d t), on which c + x (1 − d) − d t grows as exp(t / x).
        """
        tables = np.ones(len(customers), dtype=np.int64)
        first = np.minimum(customers, self.limit)
        order = np.argsort(first, kind="stable")
        sizes = first[order]
        starts = np.flatnonzero(np.diff(sizes, prepend=0))
        for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
            c = int(sizes[start])
            for at in range(start, stop, max(1, _BLOCK // c)) if c > 1 else ():
                some = order[at : min(stop, at + max(1, _BLOCK // c))]
                logs = np.log(openness[some])[:, None] * np.arange(1, c + 1) + self.log[c - 1, :c]
                cumulative = np.cumsum(np.exp(logs - logs.max(axis=1, keepdims=True)), axis=1)
                drawn = random.random(len(some)) * cumulative[:, -1]
                tables[some] = np.minimum(1 + (cumulative < drawn[:, None]).sum(axis=1), c)
        joins = float(self.joins[first - 1, tables - 1].sum())
        many = np.flatnonzero(customers > self.limit)
        early, x = tables[many].astype(np.float64), openness[many]
        late = self._later(customers[many], early, x)
        tables[many] = np.floor(late + random.random(len(many)))
        return tables, joins + float(((1 - self.discount) * (late**2 - early**2) / (2 * x)).sum())

    def _later(self, customers: np.ndarray, early: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The expected tables of `customers`, of whom the first `limit` opened `early`."""
        level = self.limit + (1 - self.discount) * x - self.discount * early
        tables = customers.astype(np.float64)
        for _ in range(20):  # Newton from above on a convex function
            grown = customers + (1 - self.discount) * x - self.discount * tables
            excess = tables - early - x * np.log(grown / level)
            tables -= excess / (1 + self.discount * x / grown)
        return np.clip(tables, early, customers)


def digamma(x: np.ndarray | float) -> np.ndarray:
    """ψ(x) for x > 0, to 1e-9: six steps up, then the asymptotic series (Abramowitz & Stegun 6.3.18)."""
    x = np.asarray(x, dtype=np.float64)
    y = x + 6
    series = np.log(y) - 1 / (2 * y) - 1 / (12 * y**2) + 1 / (120 * y**4) - 1 / (252 * y**6)
    return series - sum(1 / (x + i) for i in range(6))
