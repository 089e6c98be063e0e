"""Add-k smoothing: Lidstone's law, and Laplace's for k = 1."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from baselines.ngram.counting.counts import OrderCounts, sums_by_context
from baselines.ngram.estimation.forms import contexts_of_order
from baselines.ngram.estimation.held_out import HeldOut
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Context, RunLog, TokenStream

#: Where k is searched: four values a decade, then so many steps of golden section about the best.
_GRID, _STEPS = np.geomspace(1e-7, 1e3, 41), 30


class AddK(BackoffModel):
    """p(w | h) = (c(h w) + k) / (c(h) + k V), h the last n − 1 tokens of the history.

    Lidstone 1920; Chen & Goodman 1998, sec. 2.1. V is the size of the vocabulary and c(h) = Σ_w c(h w), so
    that a context never seen gives 1 / V. At the beginning of a sentence h begins with `<s>` and may be
    shorter, as if padded on the left by more of them.

    `k: tune` takes the k between 10⁻⁷ and 10³ that makes the validation text likeliest. After `fit`,
    `chosen_k` holds the k in use.
    """

    version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ("chosen_k",)

    def __init__(
        self,
        *,
        order: Annotated[int, Field(ge=1, le=10)] = 2,
        k: Annotated[float, Field(gt=0)] | Literal["tune"] = 0.01,
        context: Context = "sentence",
    ) -> None:
        super().__init__(order=order, context=context)
        self.k = k
        self.chosen_k = float("nan")

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "k": self.k}

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count n-grams of `train`; where k is tuned, `valid` must not be empty (UserError)."""
        self._held_out = HeldOut(valid, self.context) if self.k == "tune" else None
        super().fit(train, valid, log)
        del self._held_out

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        """As a backoff table over the uniform distribution: b(h) = k V / (c(h) + k V).

        Contexts that are not whole are stored only to reach the longer ones: with counts of 0 their
        probabilities are uniform and their weights 1.
        """
        words = counts[0].words
        seen, totals = whole_counts(counts)
        beside = [total[ngrams.contexts] for ngrams, total in zip(counts, totals, strict=True)]
        if self.k == "tune":
            assert self._held_out is not None
            of_targets = self._held_out.look_up(counts, seen, [np.zeros(len(each)) for each in totals[1:]])
            self.chosen_k = tuned(of_targets, self._held_out.look_up(counts, beside, totals[1:]), words)
            log.info(f"k = {self.chosen_k:.4g} makes the validation text likeliest")
        else:
            self.chosen_k = self.k
        k = self.chosen_k
        return BackoffTable.of(
            counts,
            [np.log((c + k) / (total + k * words)) for c, total in zip(seen, beside, strict=True)],
            [np.log(k * words / (total + k * words)) for total in totals[1:]],
        )


def whole_counts(counts: list[OrderCounts]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """c(h w) of the n-grams and c(h) of the contexts of each order; 0 where h is not a whole context.

    Whole are contexts of n − 1 tokens, n the highest order, and shorter ones that begin with `<s>`.
    """
    seen, totals = [], []
    for n, ngrams in enumerate(counts, 1):
        c = ngrams.counts.astype(np.float64)
        total = sums_by_context(ngrams, c, contexts_of_order(counts, n))
        if n < len(counts):
            c[: ngrams.starts] = 0
            total[: counts[n - 2].starts if n > 1 else 1] = 0
        seen.append(c)
        totals.append(total)
    return seen, totals


def tuned(seen: np.ndarray, totals: np.ndarray, words: int) -> float:
    """The k of the largest Σ ln (c(h w) + k) / (c(h) + k V) over targets with these c(h w) and c(h)."""
    pairs, times = np.unique(np.column_stack([seen, totals]).astype(np.float64), axis=0, return_counts=True)

    def log_likelihood(log_k: float) -> float:
        k = np.exp(log_k)
        return float(times @ np.log((pairs[:, 0] + k) / (pairs[:, 1] + k * words)))

    grid = np.log(_GRID)
    best = int(np.argmax([log_likelihood(log_k) for log_k in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(_STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if log_likelihood(left) >= log_likelihood(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))
