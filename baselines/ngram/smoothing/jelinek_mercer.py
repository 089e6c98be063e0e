"""Jelinek-Mercer smoothing: deleted interpolation, with weights learnt from held-out text."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from baselines.ngram.counting.counts import OrderCounts, sums_by_context
from baselines.ngram.estimation.deleted_interpolation import Level, weights_by_em
from baselines.ngram.estimation.forms import Kept, contexts_of_order, smooth
from baselines.ngram.estimation.held_out import HeldOut
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Context, RunLog, TokenStream


class JelinekMercer(BackoffModel):
    """Every order's relative frequencies mixed with the order below, as held-out text would have it.

        p(w | h) = λ(h) c(h w) / c(h) + (1 − λ(h)) p(w | h')

    with c(h) = Σ_w c(h w), h' the context h without its first word and 1 / V below order 1, V the size of
    the vocabulary (Jelinek & Mercer 1980; Chen & Goodman 1998, sec. 2.3). Contexts share a weight by
    buckets, apart for each order: of c(h) (`tie: count`), or of c(h) over the number of distinct words
    seen after h (`tie: average_count`, Chen & Goodman 1996). The buckets hold equal shares of the
    held-out targets whose context was seen, as far as equal values allow. The weights are those that make
    the validation text likeliest, by EM (see `baselines.ngram.estimation.deleted_interpolation`).

    A context never seen gives p(w | h'). A weight no held-out target speaks for stays at one half.

    After `fit`, `weights` [order][bucket] holds λ, `edges` [order][bucket − 1] the least value of every
    bucket but the first, `iterations` the steps of EM and `valid_perplexity` what they came to.
    """

    version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ("weights", "edges", "iterations", "valid_perplexity")

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 3,
        buckets: Annotated[int, Field(ge=1)] = 20,
        tie: Literal["count", "average_count"] = "average_count",
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, context=context)
        self.buckets = buckets
        self.tie = tie
        self.weights: list[list[float]] = []
        self.edges: list[list[float]] = []
        self.iterations = 0
        self.valid_perplexity = float("nan")

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "buckets": self.buckets, "tie": self.tie}

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count n-grams of `train`, learn weights from `valid`. Raises UserError where that is empty."""
        self._held_out = HeldOut(valid, self.context)
        super().fit(train, valid, log)
        del self._held_out

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        totals = [
            sums_by_context(ngrams, ngrams.counts, contexts_of_order(counts, n))
            for n, ngrams in enumerate(counts, 1)
        ]
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
            Kept(weight[ngrams.contexts] * ngrams.counts, (1 - weight) * total)
            for ngrams, total, weight in zip(counts, totals, of_contexts, strict=True)
        )
        return smooth(counts, kept, "interpolated")

    def _tied_by(self, ngrams: OrderCounts, total: np.ndarray) -> np.ndarray:
        """What the weight of each context depends on, 0 where nothing followed it: float32 [contexts]."""
        if self.tie == "average_count":
            total = total / np.maximum(sums_by_context(ngrams, ngrams.counts > 0, len(total)), 1)
        return total.astype(np.float32)  # as it is looked up, for equal buckets

    def _levels(
        self, counts: list[OrderCounts], totals: list[np.ndarray], ties: list[np.ndarray]
    ) -> tuple[list[Level], list[np.ndarray]]:
        """What the counts say about the held-out targets, and the edges of the buckets, of each order."""
        levels, edges = [], []
        for n, (ngrams, total, tie) in enumerate(zip(counts, totals, ties, strict=True), 1):
            of_ngrams = ngrams.counts / np.maximum(total, 1)[ngrams.contexts]
            frequency = self._held_out.of_highest_order(counts[:n], of_ngrams, np.zeros(len(total)))
            tied = self._held_out.of_highest_order(counts[:n], tie[ngrams.contexts], tie)
            edges.append(bucket_edges(tied, self.buckets))
            levels.append(Level(frequency, bucket_of(tied, edges[-1]), len(edges[-1]) + 1))
        return levels, edges


def bucket_edges(values: np.ndarray, buckets: int) -> np.ndarray:
    """The least value of each bucket but the first: at most `buckets` equal shares of what is above 0."""
    seen = np.sort(values[values > 0])
    firsts = np.arange(1, buckets) * len(seen) // buckets
    edges: np.ndarray = np.unique(seen[firsts] if len(seen) else seen)
    return edges[edges > seen[0]] if len(edges) else edges


def bucket_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bucket of each value, −1 for 0."""
    return np.where(values > 0, np.searchsorted(edges, values, side="right"), -1)
