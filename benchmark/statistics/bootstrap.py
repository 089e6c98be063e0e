"""Mean losses with their uncertainty: a bootstrap over blocks of the text and over seeds together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from benchmark.statistics import LEVEL, student

#: How many times text and seeds are drawn anew, and the seed of these draws.
RESAMPLES, SEED = 10_000, 1
#: Indices of blocks that are drawn at a time.
_AT_A_TIME = 1 << 18


@dataclass(frozen=True)
class Estimate:
    """A number and the ends of its interval, which holds the true value with a probability of `LEVEL`."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bootstrap:
    """Mean losses of some rows, and how they deviate from these when text and seeds are drawn anew.

    `means` [rows] are losses for each target. `deviations` [resamples, rows] share their draws of the text,
    so that differences of rows are paired. `covariance` [rows, rows] is that of the means over samples of the
    text, with `text_freedom` [rows] degrees of freedom; `seed_variance` [rows] that over samples of seeds, 0
    for a row with one. `blocks` and `seeds` [rows] have their numbers.
    """

    means: np.ndarray
    deviations: np.ndarray
    covariance: np.ndarray
    seed_variance: np.ndarray
    text_freedom: np.ndarray
    blocks: int
    seeds: tuple[int, ...]

    def error(self, weights: np.ndarray) -> tuple[float, float]:
        """The standard error of a linear combination of the means, and its degrees of freedom.

        These are Welch's (1947) and Satterthwaite's (1946): with variances v_i of the text and the seeds that
        were estimated from f_i degrees of freedom, (Σ v_i)² / Σ v_i² / f_i.
        """
        text = max(0.0, float(weights @ self.covariance @ weights))
        freedom = float(self.text_freedom[weights != 0].min(initial=self.blocks - 1.0))
        by_seeds = weights**2 * self.seed_variance
        squares = text**2 / freedom
        squares += sum(v * v / (n - 1) for v, n in zip(by_seeds.tolist(), self.seeds, strict=True) if n > 1)
        variance = text + float(by_seeds.sum())
        return math.sqrt(variance), variance**2 / squares if squares else freedom

    def p(self, weights: Sequence[float] | np.ndarray) -> float:
        """The two-sided p-value of a combination of the means being zero, by Student's t."""
        weights = np.asarray(weights, dtype=np.float64)
        value, (error, freedom) = float(weights @ self.means), self.error(weights)
        if not error:
            return 1.0 if value == 0 else 0.0
        return float(student.two_sided_p(value / error, freedom))

    def combined(self, weights: Sequence[float] | np.ndarray) -> Estimate:
        """A linear combination of the means, such as 1 and −1 for a difference, with its interval."""
        weights = np.asarray(weights, dtype=np.float64)
        return self.estimate(float(weights @ self.means), self._combined(weights), weights)

    def _combined(self, weights: np.ndarray) -> np.ndarray:
        """The deviation of a linear combination of the means in each resample."""
        used = np.flatnonzero(weights)
        if len(used) <= 2 and (np.abs(weights[used]) == 1).all():  # the same sums, without the other rows
            return np.asarray(self.deviations[:, used] @ weights[used])
        return np.asarray(self.deviations @ weights)

    def estimate(self, value: float, deviations: np.ndarray, gradient: np.ndarray) -> Estimate:
        """A function of the means with its interval, from its deviation in each resample.

        The interval is the percentile bootstrap's (Efron 1979), stretched about the value by `stretch`.
        """
        low, high = self.stretch(gradient) * np.quantile(deviations, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Estimate(value, value + float(low), value + float(high))

    def stretch(self, gradient: np.ndarray) -> float:
        """t / z: Student's quantile for the degrees of freedom along a gradient, and the normal one.

        Without it, an interval from few blocks or seeds is too narrow (Hesterberg 2015, section 5.3).
        """
        _, freedom = self.error(gradient)
        return student.quantile(LEVEL, freedom) / NormalDist().inv_cdf((1 + LEVEL) / 2)


def bootstrap(
    losses: Sequence[np.ndarray], targets: np.ndarray, resamples: int = RESAMPLES, seed: int = SEED
) -> Bootstrap:
    """Mean losses with the deviations that a sample of other text and other seeds would show.

    `losses` has for each row an array [seeds, blocks]: the sum of the losses of a block's targets. `targets`
    [blocks] or [rows, blocks] says how many these are. There must be two blocks or more.

    Blocks are drawn with replacement, the same for all rows and seeds: the cluster bootstrap over documents,
    or that over blocks which do not overlap (Carlstein 1986) over stretches of a text. Seeds are drawn with
    replacement, for each row on its own. That is a hierarchical bootstrap (Davison & Hinkley 1997, section
    3.8) of crossed levels: as every seed scores the same blocks, the deviations of the two are added. A mean
    over n draws from n values varies by (n − 1) / n too little, so deviations are multiplied by
    √(n / (n − 1)) (Rao and Wu 1988). The draws depend on `seed` alone.

    A long document pulls the mean towards itself, so that its residual is too small, and documents of unequal
    length say less about the variance than as many equal ones. So the covariance is that of the jackknife
    (Tukey 1958), with the degrees of freedom of (Σ targets)² / Σ targets² blocks of one length (Kish 1965).
    Where all blocks have one length, both are as usual.
    """
    blocks = losses[0].shape[1]
    if blocks < 2:
        raise ValueError("one block has no variance")
    random = np.random.default_rng(seed)
    pooled = np.stack([row.mean(axis=0) for row in losses])
    counts = np.broadcast_to(np.asarray(targets, dtype=np.float64), pooled.shape)
    totals = counts.sum(axis=1)
    means = pooled.sum(axis=1) / totals
    shares = counts / totals[:, None]
    residuals = pooled / totals[:, None] - means[:, None] * shares
    left_out = np.divide(residuals, 1 - shares, out=np.zeros_like(residuals), where=shares < 1)
    covariance = (blocks - 1) / blocks * left_out @ left_out.T
    text_freedom = np.maximum(1, 1 / (shares**2).sum(axis=1) - 1)
    deviations = _text_deviations(pooled, np.asarray(targets, np.float64), means, resamples, random)
    seed_variance = np.zeros(len(losses))
    for row, loss in enumerate(losses):
        if (n := len(loss)) > 1:
            values = loss.sum(axis=1) / totals[row]
            seed_variance[row] = values.var(ddof=1) / n
            drawn = values[random.integers(n, size=(resamples, n))].mean(axis=1)
            deviations[:, row] += math.sqrt(n / (n - 1)) * (drawn - means[row])
    seeds = tuple(len(loss) for loss in losses)
    return Bootstrap(means, deviations, covariance, seed_variance, text_freedom, blocks, seeds)


def _text_deviations(
    losses: np.ndarray, targets: np.ndarray, means: np.ndarray, resamples: int, random: np.random.Generator
) -> np.ndarray:
    """How mean losses deviate when blocks are drawn anew: [resamples, rows].

    A row none of whose targets were drawn deviates by nothing.
    """
    blocks = losses.shape[1]
    deviations = np.empty((resamples, len(losses)))
    step = max(1, _AT_A_TIME // blocks)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = random.integers(blocks, size=(rows, blocks)) + blocks * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * blocks).reshape(rows, blocks).astype(np.float64)
        totals = (times @ targets.T).reshape(rows, -1)
        sums = times @ losses.T
        drawn_means = np.divide(sums, totals, out=np.broadcast_to(means, sums.shape).copy(), where=totals > 0)
        deviations[start : start + rows] = drawn_means - means
    return deviations * math.sqrt(blocks / (blocks - 1))
