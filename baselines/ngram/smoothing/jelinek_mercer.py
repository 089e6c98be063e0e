"""Jelinek-Mercer smoothing: deleted interpolation, with weights learned from held-out text."""

from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, ClassVar, Literal, assert_never

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.by_context import parts
from baselines.ngram.estimation.combine_orders import DiscountedCounts, combine_orders
from baselines.ngram.estimation.deleted_interpolation import Level, weights_by_em
from baselines.ngram.estimation.held_out import HeldOut
from baselines.ngram.estimation.memory import room_beside
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
        levels, edges = self._levels(counts)
        tokens = float(counts[0].counts.sum())

        def step(done: int, nats: float) -> None:
            self.iterations, self.valid_perplexity = done, float(np.exp(nats))
            log.curve(tokens=tokens, iteration=done, valid_perplexity=self.valid_perplexity)

        weights = weights_by_em(levels, 1 / counts[0].words, step)
        log.info(f"{self.iterations} steps of EM, validation perplexity {self.valid_perplexity:.2f}")
        self.weights = [of_bucket.tolist() for of_bucket in weights]
        self.edges = [each.tolist() for each in edges]

        split = (
            partial(self._weighted, of_bucket, each) for of_bucket, each in zip(weights, edges, strict=True)
        )
        return combine_orders(counts, split, "interpolated")

    def _weighted(self, weights: np.ndarray, edges: np.ndarray, ngrams: OrderCounts) -> DiscountedCounts:
        """Keep the share of its bucket's weight of every count; leave the rest."""
        total, tie = self._tied_by(ngrams)
        weight = weights[bucket_of(tie, edges)]
        return DiscountedCounts(weight[ngrams.contexts] * ngrams.counts, (1 - weight) * total)

    def _tied_by(self, ngrams: OrderCounts) -> tuple[np.ndarray, np.ndarray]:
        """c(h) of each context, and the value that puts it in a bucket, 0 if nothing followed it: float64 and
        float32 [contexts]."""
        total = ngrams.sums_by_context(ngrams.counts)
        match self.tie:
            case "count":
                tie = total
            case "average_count":
                tie = total / np.maximum(ngrams.sums_by_context(ngrams.counts > 0), 1)
            case _:
                assert_never(self.tie)
        # like the values that are looked up, so that the buckets are equal
        return total, tie.astype(np.float32)

    def _levels(self, counts: list[OrderCounts]) -> tuple[list[Level], list[np.ndarray]]:
        """Frequencies and buckets of the held-out targets, and the edges of the buckets, for each order."""
        levels, edges, room = [], [], room_beside(counts, None, wide=True)
        for n, ngrams in enumerate(counts, 1):
            sizes = len(ngrams), len(ngrams), ngrams.context_count, ngrams.context_count
            of_ngrams, beside, ties, nothing = (room.zeros(each, np.float32) for each in sizes)
            for some, contexts, part in parts(ngrams, of_ngrams, beside, ties):
                total, tie = self._tied_by(part)
                of_ngrams[some] = part.counts / np.maximum(total, 1)[part.contexts]
                beside[some], ties[contexts] = tie[part.contexts], tie
            frequency = self._held_out.of_highest_order(counts[:n], of_ngrams, nothing, room)
            tied = self._held_out.of_highest_order(counts[:n], beside, ties, room)
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
