"""Linear interpolation with weights that depend on the history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from baselines.mixture.components import Composite
from baselines.mixture.features import (
    evidence_by_line_of,
    evidence_of,
    line_begins,
    position_and_frequency,
    recent_success,
)
from baselines.mixture.gate import Gate, fitted_gate
from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary


@dataclass(kw_only=True, eq=False)
class GatedMixture(Composite):
    """p(w | h) = Σᵢ λᵢ(h) pᵢ(w | h), the weights a softmax of linear functions of the history.

    A mixture of experts (Jacobs, Jordan, Nowlan & Hinton 1991) with the experts fitted on the training text
    and the gate on the validation text. Instead of the buckets of Jelinek & Mercer 1980, the gate sees how
    long the history is, how frequent its last words are, how well each component did on the last 20, 200 and
    1000 tokens, and what the components themselves report about the history (see
    `baselines.mixture.features`). It never sees the target.
    """

    version: ClassVar[int] = 1

    components: Mapping[str, LanguageModel]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._scored: tuple[TokenStream, np.ndarray] | None = None
        self.context = "stream"  # the gate looks at recent success

    def learn(self, valid: TokenStream, log: RunLog) -> None:
        scores = self._scores(valid)
        self._scored = valid, scores
        features = self._features(valid, scores)
        self.gate = fitted_gate(scores, features)
        log_weights = self.gate.log_weights(features)
        for name, own, weight in zip(self.components, scores, np.exp(log_weights).mean(axis=1), strict=True):
            alone = np.exp(-np.mean(own, dtype=np.float64))
            log.info(f"mean weight {weight:.4f} for {name}, validation perplexity {alone:.2f} alone")
        together = np.logaddexp.reduce(scores + log_weights, axis=0)
        log.info(f"validation perplexity {np.exp(-together.mean()):.2f} together")

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        scores = self._scores(stream)
        return self._mixed(scores, self._features(stream, scores))

    def log_probs_by_line(self, stream: TokenStream) -> np.ndarray:
        """See `LanguageModel`. The lines are read side by side by all components that can."""
        components, begins = self.components.values(), line_begins(stream)
        scores = np.stack([component.log_probs_by_line(stream) for component in components])
        told = (evidence_by_line_of(component, stream) for component in components)
        known = position_and_frequency(stream, begins), recent_success(scores, begins), *told
        return self._mixed(scores, np.concatenate(known, axis=1))

    def _mixed(self, scores: np.ndarray, features: np.ndarray) -> np.ndarray:
        log_weights = self.gate.log_weights(features)
        return np.logaddexp.reduce(scores + log_weights, axis=0).astype(np.float32)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        """Slow for long contexts: the gate needs the components' scores of all of each."""
        log_weights = np.concatenate([self._next_log_weights(context) for context in contexts], axis=1)
        total = np.full((len(contexts), len(self.vocabulary)), -np.inf)
        for component, own in zip(self.components.values(), log_weights, strict=True):
            total = np.logaddexp(total, component.next_log_probs(contexts) + own[:, None])
        return total.astype(np.float32)

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        log_weights = self.gate.log_weights(self._features(stream, self._scores(stream))[places])
        first = 0
        for parts in self._distributions(stream, places, rows):
            weights = log_weights[:, first : first + len(parts[0])]
            weighted = (part + own[:, None] for part, own in zip(parts, weights, strict=True))
            yield np.logaddexp.reduce(list(weighted), axis=0).astype(np.float32)
            first += len(parts[0])

    def _next_log_weights(self, context: np.ndarray) -> np.ndarray:
        """ln λ after one history. An arbitrary token stands in for the target: no feature depends on it."""
        stream = TokenStream.from_ids(np.append(np.asarray(context, dtype=np.int64), 0), self.vocabulary)
        return self.gate.log_weights(self._features(stream, self._scores(stream))[-1:])

    def _scores(self, stream: TokenStream) -> np.ndarray:
        """ln p of each target under each component: float32 [components, targets].

        Those of the validation text, which the gate was fitted on, are given once more without computing
        them again: every run asks for them next, and they can take as long as the rest of the fit.
        """
        if self._scored is not None and self._scored[0] is stream:
            _, scores = self._scored
            self._scored = None
            return scores
        return np.stack([component.log_probs(stream) for component in self.components.values()])

    def _features(self, stream: TokenStream, scores: np.ndarray) -> np.ndarray:
        told = (evidence_of(component, stream) for component in self.components.values())
        begins = np.zeros(len(stream), dtype=np.int64)
        known = position_and_frequency(stream, begins), recent_success(scores, begins), *told
        return np.concatenate(known, axis=1)

    def save(self, folder: Path) -> None:
        super().save(folder)
        np.savez(folder / "gate.npz", **vars(self.gate))

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        model = super().load(folder, vocabulary)
        with np.load(folder / "gate.npz", allow_pickle=False) as saved:
            model.gate = Gate(saved["centre"], saved["scale"], saved["coefficients"])
        return model
