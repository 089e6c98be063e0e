"""Jelinek-Mercer smoothing: deleted interpolation, with weights learned from held-out text."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, assert_never

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.combine_orders import DiscountedCounts, combine_orders
from baselines.ngram.estimation.deleted_interpolation import Level, weights_by_em
from baselines.ngram.estimation.held_out import HeldOut
from baselines.ngram.model import BackoffModel, Order
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Bounds, RunLog, TokenStream


@dataclass(kw_only=True, eq=False)
class JelinekMercer(BackoffModel):
    """Every order's relative frequencies mixed with the order below, with weights from held-out text.

        p(w | h) = λ(h) c(h w) / c(h) + (1 − λ(h)) p(w | h')

    with c(h) = Σ_w c(h w), h' the context h without its first word and 1 / V below order 1, V the size of
    the vocabulary (Jelinek & Mercer 1980; Chen & Goodman 1998, sec. 2.3). The contexts of an
    order share a weight in buckets of c(h) (`tie: count`), or of c(h) over the number of distinct words seen
    after h (`tie: average_count`, Chen & Goodman 1996). The buckets hold equal shares of the held-out targets
    whose context was seen, as far as ties allow. EM sets the weights that make the validation text likeliest
    (see `baselines.ngram.estimation.deleted_interpolation`).

    A context never seen gives p(w | h'). A bucket without held-out targets keeps a weight of one half.

    After `fit`, `weights` [order][bucket] holds λ, `edges` [order][bucket − 1] the least value of every
    bucket but the first, `iterations` the steps of EM and `valid_perplexity` what they came to.
    """

    version: ClassVar[int] = 1

    order: Order = 3
    buckets: Annotated[int, Bounds(ge=1)] = 20
    tie: Literal["count", "average_count"] = "average_count"

    weights: list[list[float]] = field(init=False, default_factory=list)
    edges: list[list[float]] = field(init=False, default_factory=list)
    iterations: int = field(init=False, default=0)
    valid_perplexity: float = field(init=False, default=float("nan"))

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count the n-grams of `train`, learn the weights from `valid`. Raises UserError if that is empty."""
        self._held_out = HeldOut(valid, self.context)
        super().fit(train, valid, log)
        del self._held_out

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        totals = [ngrams.sums_by_context(ngrams.counts) for ngrams in counts]
        ties = [self._tied_by(ngrams, total) for ngrams, total in zip(counts, totals, strict=True)]
        levels, edges = self._levels(counts, totals, ties)

        def step(done: int, nats: float) -> None:
            self.iterations, self.valid_perplexity = done, float(np.exp(nats))
            log.curve(tokens=float(totals[0][0]), iteration=done, valid_perplexity=self.valid_perplexity)

        weights = weights_by_em(levels, 1 / counts[0].words, step)
        log.info(f"{self.iterations} steps of EM, validation perplexity {self.valid_perplexity:.2f}")
        self.weights = [of_bucket.tolist() for of_bucket in weights]
        self.edges = [each.tolist() for each in edges]

        of_contexts = (
            of_bucket[bucket_of(*each)] for of_bucket, *each in zip(weights, ties, edges, strict=True)
        )
        kept = (
            DiscountedCounts(weight[ngrams.contexts] * ngrams.counts, (1 - weight) * total)
            for ngrams, total, weight in zip(counts, totals, of_contexts, strict=True)
        )
        return combine_orders(counts, kept, "interpolated")

    def _tied_by(self, ngrams: OrderCounts, total: np.ndarray) -> np.ndarray:
        """The value that puts each context in a bucket, 0 if nothing followed it: float32 [contexts]."""
        match self.tie:
            case "count":
                tie = total
            case "average_count":
                tie = total / np.maximum(ngrams.sums_by_context(ngrams.counts > 0), 1)
            case _:
                assert_never(self.tie)
        return tie.astype(np.float32)  # like the values that are looked up, so that the buckets are equal

    def _levels(
        self, counts: list[OrderCounts], totals: list[np.ndarray], ties: list[np.ndarray]
    ) -> tuple[list[Level], list[np.ndarray]]:
        """Frequencies and buckets of the held-out targets, and the edges of the buckets, for each order."""
        levels, edges = [], []
        for n, (ngrams, total, tie) in enumerate(zip(counts, totals, ties, strict=True), 1):
            of_ngrams = ngrams.counts / np.maximum(total, 1)[ngrams.contexts]
            frequency = self._held_out.of_highest_order(counts[:n], of_ngrams, np.zeros(len(total)))
            tied = self._held_out.of_highest_order(counts[:n], tie[ngrams.contexts], tie)
            edges.append(bucket_edges(tied, self.buckets))
            levels.append(Level(frequency, bucket_of(tied, edges[-1]), len(edges[-1]) + 1))
        return levels, edges


def bucket_edges(values: np.ndarray, buckets: int) -> np.ndarray:
    """The least value of each bucket but the first: at most `buckets` equal shares of the values above 0."""
    seen = np.sort(values[values > 0])
    firsts = np.arange(1, buckets) * len(seen) // buckets
    edges: np.ndarray = np.unique(seen[firsts] if len(seen) else seen)
    return edges[edges > seen[0]] if len(edges) else edges


def bucket_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bucket of each value, −1 for 0."""
    return np.where(values > 0, np.searchsorted(edges, values, side="right"), -1)
