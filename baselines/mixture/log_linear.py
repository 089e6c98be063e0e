"""Log-linear interpolation of any models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from baselines.mixture.components import Composite
from baselines.mixture.weighted_rows import LEAST, WeightedRows, normalised, weighted_rows
from benchmark.contract import LanguageModel, RunLog, TokenStream
from benchmark.errors import UserError

_CELLS = 1 << 20  # probabilities in the dense rows that are formed at a time: they fit a core's cache
_STEPS = 30


@dataclass(kw_only=True, eq=False)
class LogLinearMixture(Composite):
    """p(w | h) = Πᵢ pᵢ(w | h)^λᵢ / Z(h), Z(h) = Σ_v Πᵢ pᵢ(v | h)^λᵢ (Klakow 1998).

    Weights may be negative: a cache over its prior, p_cache / p_unigram, adapts a model to its topic
    (Kneser, Peters & Klakow 1997). They are those that make the validation text likeliest: the
    log-likelihood is concave in λ, with gradient Σ (ln pᵢ(w|h) − E[ln pᵢ(·|h)]) and the covariances of ln pᵢ
    under p as its negative Hessian, so Newton's method finds them, on `fit_targets` targets evenly spread
    over the text. A probability of 0 counts as e⁻⁵⁰.

    Z is summed over the whole vocabulary for every target, from the dense rows that the components make of
    the stream (see `baselines.mixture.weighted_rows`).

    After `fit`, `weights` holds λ by the component's name.
    """

    version: ClassVar[int] = 1

    components: Mapping[str, LanguageModel]
    fit_targets: Annotated[int, Field(ge=1)] = 2000

    weights: dict[str, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, component in self.components.items():
            if component.scores_only is not None:
                raise UserError(
                    f"model.components.{name} has no distribution, which a log-linear mixture is normalised "
                    "by: mix it with model=mixture or model=gated_mixture"
                )

    def learn(self, valid: TokenStream, log: RunLog) -> None:
        ids = np.asarray(valid.ids, dtype=np.int64)
        places = (
            np.unique(np.linspace(0, len(ids) - 1, self.fit_targets).astype(np.int64)) if len(ids) else ids
        )
        rows = self._block()
        targets = (ids[places[first : first + rows]] for first in range(0, len(places), rows))
        parts = (np.maximum(np.stack(parts), LEAST) for parts in self._distributions(valid, places, rows))
        weights = newton(list(zip(targets, parts, strict=True)), len(self.components))
        self.weights = dict(zip(self.components, weights.tolist(), strict=True))
        for name, weight in self.weights.items():
            log.info(f"weight {weight:.4f} for {name}")

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        ids = np.asarray(stream.ids, dtype=np.int64)
        scores = np.empty(len(ids), dtype=np.float32)
        rows = self._block()
        blocks = self._weighted_rows(stream, np.arange(len(ids)), rows)
        for first, block in zip(range(0, len(ids), rows), blocks, strict=True):
            scores[first : first + rows] = block.of(ids[first : first + rows])
        return scores

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        for block in self._weighted_rows(stream, places, rows):
            yield block.normalised()

    def _weighted_rows(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[WeightedRows]:
        return weighted_rows(list(self.components.values()), self._weights(), stream, places, rows)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        rows = np.empty((len(contexts), len(self.vocabulary)), dtype=np.float32)
        size = self._block()
        for first in range(0, len(contexts), size):
            some = contexts[first : first + size]
            parts = [component.next_log_probs(some) for component in self.components.values()]
            rows[first : first + size] = normalised(parts, self._weights())
        return rows

    def _block(self) -> int:
        """How many dense rows are formed at a time."""
        return max(1, _CELLS // len(self.vocabulary))

    def _weights(self) -> np.ndarray:
        return np.array([self.weights[name] for name in self.components])


def newton(blocks: Sequence[tuple[np.ndarray, np.ndarray]], components: int) -> np.ndarray:
    """λ [components] that make the targets likeliest: float64 [components].

    Each block holds targets [n] and dense rows [components, n, vocabulary]. A step is halved until it gains
    something; the last step gains next to nothing.
    """
    weights = np.full(components, 1 / components)
    nats, gradient, hessian = _derivatives(blocks, weights)
    for _ in range(_STEPS):
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-10)[0]
        size = 1.0
        while True:
            tried = weights - size * step
            reached = _derivatives(blocks, tried)
            if reached[0] < nats or size < 1e-3:
                break
            size /= 2
        gain = nats - reached[0]
        if gain <= 0:
            break
        weights, (nats, gradient, hessian) = tried, reached
        if gain < 1e-6:
            break
    return weights


def _derivatives(
    blocks: Sequence[tuple[np.ndarray, np.ndarray]], weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """The mean −ln p of the targets, its gradient and its Hessian in λ."""
    count = max(1, sum(len(targets) for targets, _ in blocks))
    nats, gradient, hessian = 0.0, np.zeros_like(weights), np.zeros((len(weights), len(weights)))
    for targets, rows in blocks:
        p = normalised(list(rows), weights)
        at = np.arange(len(targets))
        nats -= float(p[at, targets].sum(dtype=np.float64))
        np.exp(p, out=p)
        weighted, means = np.empty_like(p), np.empty(rows.shape[:2])
        for i, row in enumerate(rows):
            np.multiply(p, row, out=weighted)
            means[i] = weighted.sum(axis=1)
            for j in range(i + 1):
                hessian[i, j] += np.vdot(weighted, rows[j]) - np.vdot(means[i], means[j])
        gradient += (means - rows[:, at, targets]).sum(axis=1)
    hessian += np.tril(hessian, -1).T
    return nats / count, gradient / count, hessian / count
