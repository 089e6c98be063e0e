"""Linear interpolation of any models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from baselines.mixture.components import Composite
from benchmark.contract import LanguageModel, Reader, RunLog, TokenStream
from benchmark.statistics.mixing import expectation_maximisation, mixed


class _MixtureReader(Reader):
    """Readers of all components, side by side."""

    def __init__(self, parts: Sequence[Reader], weights: np.ndarray):
        self._parts, self._weights = parts, weights

    def next_log_probs(self) -> np.ndarray:
        return mixed(np.stack([part.next_log_probs() for part in self._parts]), self._weights)

    def read(self, token: int) -> None:
        for part in self._parts:
            part.read(token)


@dataclass(kw_only=True, eq=False)
class LinearMixture(Composite):
    """p(w | h) = Σᵢ λᵢ pᵢ(w | h), with λᵢ ≥ 0 and Σᵢ λᵢ = 1 (Jelinek & Mercer 1980).

    EM finds the weights that make the validation text likeliest. Components that chose settings on the same
    text (early stopping, tuned constants) look somewhat better there than they are.

    After `fit`, `weights` holds λ by the component's name.
    """

    version: ClassVar[int] = 1

    components: Mapping[str, LanguageModel]

    weights: dict[str, float] = field(init=False, default_factory=dict)

    def learn(self, valid: TokenStream, log: RunLog) -> None:
        scores = self._scores(valid)
        weights, nats = expectation_maximisation(scores)
        self.weights = dict(zip(self.components, weights.tolist(), strict=True))
        for (name, weight), own in zip(self.weights.items(), scores, strict=True):
            alone = np.exp(-np.mean(own, dtype=np.float64))
            log.info(f"weight {weight:.4f} for {name}, validation perplexity {alone:.2f} alone")
        log.info(f"validation perplexity {np.exp(nats):.2f} together")

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return mixed(self._scores(stream), self._weights())

    def log_probs_by_line(self, stream: TokenStream) -> np.ndarray:
        scores = [component.log_probs_by_line(stream) for component in self.components.values()]
        return mixed(np.stack(scores), self._weights())

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        rows = np.stack([model.next_log_probs(contexts) for model in self.components.values()])
        return mixed(rows, self._weights())

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        for parts in self._distributions(stream, places, rows):
            yield mixed(np.stack(parts), self._weights())

    def reader(self) -> Reader:
        return _MixtureReader([model.reader() for model in self.components.values()], self._weights())

    def _scores(self, stream: TokenStream) -> np.ndarray:
        """ln p of each target under each component: float32 [components, targets]."""
        return np.stack([component.log_probs(stream) for component in self.components.values()])

    def _weights(self) -> np.ndarray:
        return np.array([self.weights[name] for name in self.components])
