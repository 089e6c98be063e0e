"""Kneser-Ney smoothing other than modified and interpolated: with a single discount, and as backoff."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, assert_never

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.combine_orders import combine_orders, discounting
from baselines.ngram.estimation.discounts import Discounts, choose_discounts, counts_of_counts
from baselines.ngram.model import BackoffModel
from baselines.ngram.smoothing.absolute_discounting import single_discounts
from baselines.ngram.smoothing.interpolated_kneser_ney import InterpolatedKneserNey
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import RunLog


@dataclass(kw_only=True, eq=False)
class KneserNeySingle(InterpolatedKneserNey):
    """Interpolated Kneser-Ney with one discount for each order (Chen & Goodman 1998, sec. 2.7).

    With a(·) the adjusted counts (see `adjusted_counts`), h' the context h without its first word, and
    N₁₊(h •) the number of words v with a(h v) > 0,

        p(w | h) = max(a(h w) − D, 0) / Σ_v a(h v) + D N₁₊(h •) / Σ_v a(h v) · p(w | h'),

    and 1 / V below order 1. D = n₁ / (n₁ + 2 n₂) over the adjusted counts of each order (Kneser & Ney 1995
    take it from Ney, Essen & Kneser 1994), or 0.5 where that is impossible; the log says so.

    After `fit`, `discounts` [order] holds D of each order, and `fallback_orders` the orders that took 0.5.
    """

    version: ClassVar[int] = 1

    discounts: list[float] = field(init=False, default_factory=list)
    fallback_orders: list[int] = field(init=False, default_factory=list)

    def choose_discounts(self, seen: Sequence[tuple[int, int, int, int]], log: RunLog) -> list[Discounts]:
        self.discounts, self.fallback_orders = single_discounts(seen, log)
        return [(d, d, d) for d in self.discounts]


@dataclass(kw_only=True, eq=False)
class KneserNeyBackoff(BackoffModel):
    """Kneser-Ney in the backoff form in which it was published (Kneser & Ney 1995).

    With a(·) the adjusted counts (see `adjusted_counts`),

        p(w | h) = (a(h w) − D(a(h w))) / Σ_v a(h v)  if that is above 0,  b(h) p(w | h')  if not.

    The paper leaves the lower order unsmoothed; here every order is smoothed in the same way, as in Chen &
    Goodman 1998, sec. 4.1. `discounts`: `single`, the paper's one discount for each order, or `modified`,
    three by count (their `kneser-ney-mod-backoff`; SRILM's `-kndiscount` without `-interpolate`).
    `combine_orders` defines b(h), the end of the recursion in 1 / V, and unseen contexts.

    After `fit`, `amounts` [order][3] holds what is taken from counts of 1, of 2, and of 3 and more, and
    `fallback_orders` the orders where the closed form of the discounts is impossible.
    """

    version: ClassVar[int] = 1

    discounts: Literal["single", "modified"] = "single"

    amounts: list[list[float]] = field(init=False, default_factory=list)
    fallback_orders: list[int] = field(init=False, default_factory=list)

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        adjusted = adjusted_counts(counts)
        amounts: list[Discounts]
        match self.discounts:
            case "single":
                singles, self.fallback_orders = single_discounts(map(counts_of_counts, adjusted), log)
                amounts = [(d, d, d) for d in singles]
            case "modified":
                amounts, self.fallback_orders = choose_discounts(adjusted, log)
            case _:
                assert_never(self.discounts)
        self.amounts = [list(each) for each in amounts]
        counted = [replace(ngrams, counts=each) for ngrams, each in zip(counts, adjusted, strict=True)]
        return combine_orders(counted, map(discounting, amounts), "backoff")
