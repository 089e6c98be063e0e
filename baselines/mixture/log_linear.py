"""Log-linear interpolation of any models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from baselines.mixture.components import Composite
from benchmark.contract import LanguageModel, RunLog, TokenStream

_BLOCK = 128  # histories whose dense rows are formed at a time
_LEAST = -50.0  # in place of ln 0
_STEPS = 30


@dataclass(kw_only=True, eq=False)
class LogLinearMixture(Composite):
    """p(w | h) = Πᵢ pᵢ(w | h)^λᵢ / Z(h), Z(h) = Σ_v Πᵢ pᵢ(v | h)^λᵢ (Klakow 1998).

    Weights may be negative: a cache over its prior, p_cache / p_unigram, adapts a model to its topic
    (Kneser, Peters & Klakow 1997). They are those that make the validation text likeliest: the
    log-likelihood is concave in λ, with gradient Σ (ln pᵢ(w|h) − E[ln pᵢ(·|h)]) and the covariances of ln pᵢ
    under p as its negative Hessian, so Newton's method finds them, on `fit_targets` targets evenly spread
    over the text. A probability of 0 counts as e⁻⁵⁰.

    Slow: Z is summed over the whole vocabulary for every target, from the components' dense rows. A
    network that reads the whole stream for each history (`context: stream`) takes quadratic time.

    After `fit`, `weights` holds λ by the component's name.
    """

    version: ClassVar[int] = 1

    components: Mapping[str, LanguageModel]
    fit_targets: Annotated[int, Field(ge=1)] = 2000

    weights: dict[str, float] = field(init=False, default_factory=dict)

    def learn(self, valid: TokenStream, log: RunLog) -> None:
        ids = np.asarray(valid.ids, dtype=np.int64)
        places = (
            np.unique(np.linspace(0, len(ids) - 1, self.fit_targets).astype(np.int64)) if len(ids) else ids
        )
        blocks = [(ids[part], self._rows([ids[:place] for place in part])) for part in _parts(places)]
        weights = newton(blocks, len(self.components))
        self.weights = dict(zip(self.components, weights.tolist(), strict=True))
        for name, weight in self.weights.items():
            log.info(f"weight {weight:.4f} for {name}")

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        ids = np.asarray(stream.ids, dtype=np.int64)
        scores = np.empty(len(ids), dtype=np.float32)
        for part in _parts(np.arange(len(ids))):
            rows = self.next_log_probs([ids[:place] for place in part])
            scores[part] = rows[np.arange(len(part)), ids[part]]
        return scores

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        weights = np.array([self.weights[name] for name in self.components])
        for parts in self._distributions(stream, places, rows):
            yield normalised(np.maximum(np.stack(parts), _LEAST), weights)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        weights = np.array([self.weights[name] for name in self.components])
        rows = np.empty((len(contexts), len(self.vocabulary)), dtype=np.float32)
        for part in _parts(np.arange(len(contexts))):
            rows[part] = normalised(self._rows([contexts[i] for i in part]), weights)
        return rows

    def _rows(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        """Dense rows of every component: float32 [components, contexts, vocabulary]."""
        rows = np.stack([component.next_log_probs(contexts) for component in self.components.values()])
        return np.maximum(rows, _LEAST, out=rows)


def normalised(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Σᵢ λᵢ ln pᵢ − ln Z of each context: float32 [contexts, vocabulary]."""
    scores = np.tensordot(weights.astype(np.float32), rows, axes=1)
    scores -= scores.max(axis=1, keepdims=True)
    total = np.exp(scores).sum(axis=1, keepdims=True, dtype=np.float64)
    scores -= np.log(total).astype(np.float32)
    return scores


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
        scores = normalised(rows, weights)
        at = np.arange(len(targets))
        nats -= float(scores[at, targets].sum(dtype=np.float64))
        p = np.exp(scores.astype(np.float64))
        means = np.einsum("tv,itv->it", p, rows)
        gradient += (means - rows[:, at, targets]).sum(axis=1)
        for i, row in enumerate(rows):
            weighted = p * row
            for j in range(i + 1):
                hessian[i, j] += np.vdot(weighted, rows[j]) - np.vdot(means[i], means[j])
    hessian += np.tril(hessian, -1).T
    return nats / count, gradient / count, hessian / count


def _parts(places: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(places), _BLOCK):
        yield places[start : start + _BLOCK]
