"""Add-k smoothing: Lidstone's law, and Laplace's for k = 1."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.held_out import HeldOut
from baselines.ngram.model import BackoffModel, Order
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Bounds, RunLog, TokenStream

#: k is searched on four values for each decade, then by so many steps of golden section around the best.
_GRID, _STEPS = np.geomspace(1e-7, 1e3, 41), 30


@dataclass(kw_only=True, eq=False)
class AddK(BackoffModel):
    """p(w | h) = (c(h w) + k) / (c(h) + k V), h the last n − 1 tokens of the history.

    Lidstone 1920; Chen & Goodman 1998, sec. 2.1. V is the size of the vocabulary and c(h) = Σ_w c(h w), so
    that a context never seen gives 1 / V. At the beginning of a sentence h begins with `<s>` and may be
    shorter than n − 1 tokens, as if padded on the left by more of them.

    `k: tune` takes the k between 10⁻⁷ and 10³ that makes the validation text likeliest. After `fit`,
    `chosen_k` holds the k that is used.
    """

    version: ClassVar[int] = 1

    order: Order = 2
    k: Annotated[float, Bounds(gt=0)] | Literal["tune"] = 0.01

    chosen_k: float = field(init=False, default=float("nan"))

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count the n-grams of `train`. Raises UserError if k is tuned and `valid` is empty."""
        self._held_out = HeldOut(valid, self.context) if self.k == "tune" else None
        super().fit(train, valid, log)
        del self._held_out

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        """As a backoff table over the uniform distribution: b(h) = k V / (c(h) + k V).

        Shorter contexts are stored only to reach the whole ones: their counts are set to 0, so that their
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
    """c(h w) of the n-grams and c(h) of the contexts of each order; 0 if h is not a whole context.

    A context is whole if it has n − 1 tokens, n the highest order, or begins with `<s>`. Returns float64
    [n-grams] and float64 [contexts] for each order, in the order of `counts`.
    """
    seen, totals = [], []
    for n, ngrams in enumerate(counts, 1):
        c = ngrams.counts.astype(np.float64)
        total = ngrams.sums_by_context(c)
        if n < len(counts):
            c[: ngrams.starts] = 0
            total[: counts[n - 2].starts if n > 1 else 1] = 0
        seen.append(c)
        totals.append(total)
    return seen, totals


def tuned(seen: np.ndarray, totals: np.ndarray, words: int) -> float:
    """The k with the largest Σ ln (c(h w) + k) / (c(h) + k V) over the targets.

    `seen` and `totals` [targets] hold c(h w) and c(h) of each; `words` is V.
    """
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
