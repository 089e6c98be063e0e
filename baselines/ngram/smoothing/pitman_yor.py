"""The hierarchical Pitman-Yor language model."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.memory import room_beside
from baselines.ngram.estimation.restaurants import customers, one_table_each, predict, reseat
from baselines.ngram.model import BackoffModel
from baselines.ngram.sorting.room import IN_MEMORY
from baselines.ngram.sorting.storage import memory_budget
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Bounds, RunLog


@dataclass(kw_only=True, eq=False)
class PitmanYor(BackoffModel):
    """The hierarchical Pitman-Yor model (Teh 2006, "A hierarchical Bayesian language model…").

    The distribution after a context h is drawn from a Pitman-Yor process centred on that after h', the
    context without its first word; the one after no context is centred on the uniform 1 / V. With each as a
    Chinese restaurant (see `baselines.ngram.estimation.restaurants`), c(h w) customers eat w at t(h w)
    tables, and

        p(w | h) = (c(h w) − dₙ t(h w)) / (θₙ + c(h)) + (θₙ + dₙ t(h)) / (θₙ + c(h)) · p(w | h')    (eq. 13)

    with discount dₙ and strength θₙ for each order n, and p(w | h') after a context never seen. One table for
    each dish and θ = 0 give interpolated Kneser-Ney with one discount for each order.

    The tables are hidden. Teh's sampler moves one customer at a time; here a sweep draws all tables of an
    order at once. Given the base distribution p(· | h') and a rate u ~ Gamma(θ / d + t(h)), the numbers of
    tables in a restaurant are independent, P(t(h w)) ∝ S_d(c(h w), t(h w)) (d u p(w | h'))^t(h w), and are
    drawn exactly (but see `Stirling.sample` for dishes of more than 256 customers). Orders are drawn
    from the highest down, each with the customers that the order above has just sent. For order 1, whose
    base is fixed, this is Gibbs sampling. Above, it is an approximation: the base distributions are held at
    their means after the last sweep as if they were known, although they contain what the restaurant itself
    sent, and change only once in a sweep, as in parallel samplers of topic models (Newman et al. 2009). After
    each sweep dₙ and θₙ become the means of their conditional distributions (Teh's appendix C, with its
    auxiliary variables at their expectations; priors dₙ ~ Beta(1, 1), θₙ ~ Gamma(1, 1)).

    The model is eq. 13 with the mean c and t over the last `samples` sweeps. `seed` determines the draws. The
    validation text is not read. After `fit`, `discounts` and `strengths` hold dₙ and θₙ of each order.
    """

    version: ClassVar[int] = 1

    burn_in: Annotated[int, Bounds(ge=0)] = 20
    samples: Annotated[int, Bounds(ge=1)] = 20
    seed: Annotated[int, Bounds(ge=0, lt=2**63)] = 1

    discounts: list[float] = field(init=False, default_factory=list)
    strengths: list[float] = field(init=False, default_factory=list)

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        if room_beside(counts, None, wide=True) != IN_MEMORY:
            ngrams = sum(map(len, counts))
            limit = memory_budget() >> 20
            log.info(f"drawing tables of {ngrams:,} n-grams takes more memory than the limit of {limit:,} MB")
        random = np.random.default_rng(self.seed)
        self.discounts, self.strengths = [0.75] * self.order, [1.0] * self.order
        tables = one_table_each(counts)
        mean = [np.zeros(len(ngrams)) for ngrams in counts]
        for sweep in range(1, self.burn_in + self.samples + 1):
            self._sweep(counts, tables, random)
            if sweep > self.burn_in:
                for sums, seated in zip(mean, tables, strict=True):
                    sums += seated / self.samples
            if sweep % 10 == 0:
                log.info(f"sweep {sweep}: {self._state(tables)}")
        probs, weights = predict(counts, mean, self.discounts, self.strengths)
        return BackoffTable.of(counts, [np.log(p) for p in probs], [np.log(w) for w in weights[1:]])

    def _sweep(
        self, counts: list[OrderCounts], tables: list[np.ndarray], random: np.random.Generator
    ) -> None:
        """Draw new tables for every order, then set its discount and strength, all in place."""
        probs, _ = predict(counts, tables, self.discounts, self.strengths)
        for n in range(self.order, 0, -1):
            base = probs[n - 2] if n > 1 else np.array([1 / counts[0].words])
            eating = customers(counts, tables, n)
            tables[n - 1], self.discounts[n - 1], self.strengths[n - 1] = reseat(
                counts, n, eating, tables[n - 1], base, self.discounts[n - 1], self.strengths[n - 1], random
            )

    def _state(self, tables: list[np.ndarray]) -> str:
        return "; ".join(
            f"order {n} {seated.sum():.0f} tables, discount {discount:.3f}, strength {strength:.2f}"
            for n, (seated, discount, strength) in enumerate(
                zip(tables, self.discounts, self.strengths, strict=True), 1
            )
        )
