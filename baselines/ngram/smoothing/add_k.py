"""Add-k smoothing: Lidstone's law, and Laplace's for k = 1."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Literal

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.by_context import parts
from baselines.ngram.estimation.held_out import HeldOut
from baselines.ngram.estimation.memory import room_beside
from baselines.ngram.model import BackoffModel, Order
from baselines.ngram.sorting.room import Room
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
        words, room = counts[0].words, room_beside(counts, None, wide=True)
        if self.k == "tune":
            assert self._held_out is not None
            self.chosen_k = tuned(*self._of_targets(counts, self._held_out, room), words)
            log.info(f"k = {self.chosen_k:.4g} makes the validation text likeliest")
        else:
            self.chosen_k = self.k
        k = self.chosen_k
        log_probs, log_weights = [], []
        for n, ngrams in enumerate(counts, 1):
            probs, weights = (room.zeros(each, np.float32) for each in (len(ngrams), ngrams.context_count))
            for some, contexts, part, total in whole_counts(counts, n, probs, weights):
                mass = total + k * words
                probs[some] = np.log((part.counts + k) / mass[part.contexts])
                weights[contexts] = np.log(k * words / mass)
            log_probs.append(probs)
            log_weights.append(weights)
        return BackoffTable.of(counts, log_probs, log_weights[1:], room)

    def _of_targets(
        self, counts: list[OrderCounts], held_out: HeldOut, room: Room
    ) -> tuple[np.ndarray, np.ndarray]:
        """c(h w) and c(h) of each held-out target: float32 [targets]."""
        found = []
        for n, ngrams in enumerate(counts, 1):
            sizes = len(ngrams), len(ngrams), ngrams.context_count, ngrams.context_count
            c, beside, totals, nothing = (room.zeros(each, np.float32) for each in sizes)
            for some, contexts, part, total in whole_counts(counts, n, c, beside, totals):
                c[some], beside[some], totals[contexts] = part.counts, total[part.contexts], total
            found.append((c, beside, totals, nothing))
        of_ngrams, beside_ngrams, of_contexts, zeros = (list(each) for each in zip(*found, strict=True))
        return (
            held_out.look_up(counts, of_ngrams, zeros[1:], room),
            held_out.look_up(counts, beside_ngrams, of_contexts[1:], room),
        )


def whole_counts(
    counts: list[OrderCounts], n: int, *beside: np.ndarray
) -> Iterator[tuple[slice, slice, OrderCounts, np.ndarray]]:
    """See `parts` of order n, with c(h w) as counts, and c(h) of the contexts: float64 [contexts].

    They are 0 if h is not a whole context. One is whole if it has N − 1 tokens, N the highest order, or
    begins with `<s>`.
    """
    first_whole = 0 if n == len(counts) else counts[n - 2].starts if n > 1 else 1
    for some, contexts, part in parts(counts[n - 1], *beside):
        c = part.counts.astype(np.float64)
        total = part.sums_by_context(c)
        if n < len(counts):
            c[: part.starts] = 0
            total[: max(0, first_whole - contexts.start)] = 0
        yield some, contexts, replace(part, counts=c), total


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
