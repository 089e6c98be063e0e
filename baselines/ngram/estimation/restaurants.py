"""Chinese restaurants for n-grams: customers, tables, and the distribution they make.

Each context h is a restaurant and each word w a dish: c(h w) customers eat w at t(h w) tables, and each
table is a customer, who eats the same, in the restaurant of h', h without its first word.

Input and output: `OrderCounts` of each order, from 1 up, and beside them arrays in the order of its n-grams,
float64 [n-grams]: whole numbers of tables or customers, or their means.
"""

from __future__ import annotations

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.stirling import Stirling, digamma

_LIMIT = 256  # customers of a dish whose tables are drawn exactly


def customers(counts: list[OrderCounts], tables: list[np.ndarray], n: int) -> np.ndarray:
    """c of the n-grams of order n: float64 [n-grams].

    At the highest order, and for n-grams that begin with `<s>`, which nothing can precede, c is the count.
    Otherwise it is the number of tables (`tables[n]`) of the (n+1)-grams that end in the n-gram.
    """
    ngrams = counts[n - 1]
    if n == len(counts):
        return ngrams.counts.astype(np.float64)
    sent = np.bincount(counts[n].suffix, weights=tables[n], minlength=len(ngrams))
    sent[ngrams.starts :] = ngrams.counts[ngrams.starts :]
    return sent


def one_table_each(counts: list[OrderCounts]) -> list[np.ndarray]:
    """One table for every dish that has a customer: float64 [n-grams] for each order."""
    tables = [np.empty(0)] * len(counts)
    for n in range(len(counts), 0, -1):
        tables[n - 1] = (customers(counts, tables, n) > 0).astype(np.float64)
    return tables


def predict(
    counts: list[OrderCounts], tables: list[np.ndarray], discounts: list[float], strengths: list[float]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """For each order, p(w | h) of its n-grams, and the weight of p(w | h') of its contexts: float64."""
    lower = np.array([1 / counts[0].words])
    probs, weights = [], []
    for n, (ngrams, t, discount, strength) in enumerate(
        zip(counts, tables, discounts, strengths, strict=True), 1
    ):
        c = customers(counts, tables, n)
        total = strength + ngrams.sums_by_context(c)
        freed = strength + discount * ngrams.sums_by_context(t)
        weight = np.divide(freed, total, where=total > 0, out=np.ones(len(total)))
        own = np.divide(c - discount * t, total[ngrams.contexts], where=c > 0, out=np.zeros(len(ngrams)))
        lower = own + weight[ngrams.contexts] * lower[ngrams.suffix]
        probs.append(lower)
        weights.append(weight)
    return probs, weights


def reseat(
    counts: list[OrderCounts],
    n: int,
    eating: np.ndarray,
    tables: np.ndarray,
    base: np.ndarray,
    discount: float,
    strength: float,
    random: np.random.Generator,
) -> tuple[np.ndarray, float, float]:
    """New tables for the customers `eating` each n-gram of order n, and a new discount and strength.

    `eating` and the tables are float64 [n-grams]. `tables` are the present ones, `base` [(n−1)-grams] the
    probabilities p(w | h'). See `baselines.ngram.smoothing.pitman_yor` for the distribution that they are
    drawn from.
    """
    ngrams = counts[n - 1]
    several = np.flatnonzero(eating > 1)  # a single customer sits at one table
    choosing = np.zeros(ngrams.context_count, dtype=bool)
    choosing[ngrams.contexts[several]] = True
    opened = ngrams.sums_by_context(tables)
    rate = np.zeros(ngrams.context_count)
    rate[choosing] = discount * random.standard_gamma(strength / discount + opened[choosing])
    openness = rate[ngrams.contexts[several]] * base[ngrams.suffix[several]]

    stirling = Stirling(discount, int(min(_LIMIT, eating.max(initial=1))))
    drawn = np.minimum(eating, 1)
    drawn[several], joins = stirling.sample(eating[several].astype(np.int64), openness, random)
    total, opened = ngrams.sums_by_context(eating), ngrams.sums_by_context(drawn)
    return drawn, *_learned(total, opened, joins, discount, strength)


def _learned(
    total: np.ndarray, opened: np.ndarray, joins: float, discount: float, strength: float
) -> tuple[float, float]:
    """The means of d and θ, given the auxiliary variables of Teh 2006, appendix C, at their expectations.

    A restaurant of c customers at t tables has weight Π_{i<t} (θ + d i) / Π_{i<c} (θ + i), i from 1. Of each
    factor θ + d i, θ is chosen with probability θ / (θ + d i); of the denominator, −ln x with x ~
    Beta(θ + 1, c − 1) has the mean ψ(θ + c) − ψ(θ + 1). `joins`: see `Stirling`.
    """
    (c, times), (t, t_times) = _tally(total), _tally(opened)
    ratio = strength / discount
    by_strength = float((t_times * ratio * (digamma(ratio + t) - digamma(ratio + 1))).sum())
    by_discount = float((t_times * (t - 1)).sum()) - by_strength
    logarithms = float((times * (digamma(strength + c) - digamma(strength + 1))).sum())
    return (1 + by_discount) / (2 + by_discount + joins), (1 + by_strength) / (1 + logarithms)


def _tally(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers above 0, and how often each occurs."""
    times = np.bincount(numbers.astype(np.int64))
    distinct = np.flatnonzero(times[1:]) + 1
    return distinct, times[distinct]
