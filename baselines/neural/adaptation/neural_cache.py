"""A continuous cache over the hidden vectors of a network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from baselines.neural.adaptation.adapted import Adapted, in_blocks
from baselines.neural.adaptation.cache_lookup import blocks, cache_distribution
from baselines.neural.scoring import (
    features_in_order,
    features_of_history,
    features_of_lines,
    full_float32,
)
from benchmark.contract import ModelSize, Operations, RunLog, TokenStream
from benchmark.errors import UserError
from benchmark.statistics.mixing import expectation_maximisation

#: Values of θ times the mean squared length of a hidden vector that are tried first, and factors around the
#: best of them that are tried next.
_COARSE = tuple(2.0**power for power in range(-1, 8))
_FINE = tuple(2.0**power for power in (-0.5, -0.25, 0.25, 0.5))


@dataclass(kw_only=True, eq=False)
class NeuralCache(Adapted):
    """p = (1 − λ) p_network + λ p_cache, with p_cache(w | h_t) ∝ Σ_{i : w_i = w} exp(θ h_t · h_i).

    The linear form of Grave, Joulin & Usunier (2017, sec. 3). h_t is the hidden vector from which the
    network predicts word t; the sum is over the last `window` words of the stream. Words that followed
    similar histories become more likely. θ = 0 is a plain unigram cache. The network's weights do not change.

    A `theta` or `weight` (λ) of null is chosen to maximise the likelihood of the validation text (its first
    lines that hold `validation_targets`; null: all): λ by EM at each θ of a geometric grid, refined once.
    Before the first word of a stream the cache is empty, so the network predicts alone. A network of
    `sentence` context is reset at each line; the cache still remembers earlier lines.

    After `fit`, `chosen` holds θ and λ. `next_log_probs` reads each context whole.
    """

    version: ClassVar[int] = 1

    window: Annotated[int, Field(ge=1)] = 2000
    theta: Annotated[float, Field(ge=0)] | None = None
    weight: Annotated[float, Field(ge=0, le=1)] | None = None
    validation_targets: Annotated[int, Field(gt=0)] | None = 100_000

    chosen: dict[str, float] = field(init=False, default_factory=dict)

    def learn(self, valid: TokenStream, log: RunLog) -> None:
        if self.theta is not None and self.weight is not None:
            self.chosen = {"theta": self.theta, "weight": self.weight}
            return
        part = valid if self.validation_targets is None else valid.head(self.validation_targets)
        if not len(part):
            raise UserError(
                "the validation split is empty, so no setting can be chosen on it: set model.theta and "
                "model.weight"
            )
        own: list[Tensor] = []
        chunks = list(self._histories(part, own))
        alone = torch.cat(own).cpu().numpy()
        scale = float(torch.cat([hidden.square().sum(1) for hidden, _ in chunks]).mean().cpu())
        grid = [value / scale for value in _COARSE] if self.theta is None else [self.theta]
        tried = self._try(chunks, alone, grid)
        if self.theta is None:
            _, best, _ = min(tried)
            tried += self._try(chunks, alone, [best * factor for factor in _FINE])
        nats, theta, weight = min(tried)
        self.chosen = {"theta": theta, "weight": weight}
        log.info(
            f"θ {theta:.4g}, weight {weight:.4f}: validation perplexity {np.exp(nats):.2f} with the cache, "
            f"{np.exp(-alone.mean(dtype=np.float64)):.2f} without"
        )

    def _try(
        self, chunks: list[tuple[Tensor, Tensor]], alone: np.ndarray, thetas: Sequence[float]
    ) -> list[tuple[float, float, float]]:
        """For each θ: mean −ln p, θ, and the λ that achieves it."""
        found = [block.log_probs(self.window, thetas) for block in blocks(chunks, self.window)]
        cached = torch.cat(found, 1).cpu().numpy()
        tried = []
        for theta, scores in zip(thetas, cached, strict=True):
            known = ~np.isnan(scores)
            weight = self.weight
            if weight is None:
                weight = float(expectation_maximisation(np.stack([alone, scores])[:, known])[0][1])
            nats = -float(_together(alone, scores, weight).mean(dtype=np.float64))
            tried.append((nats, theta, weight))
        return tried

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        own: list[Tensor] = []
        return self._scores(self._histories(stream, own), own, self.window)

    def log_probs_by_line(self, stream: TokenStream) -> np.ndarray:
        """See `LanguageModel`. The network reads many lines side by side; the cache looks within each."""
        own: list[Tensor] = []
        longest = int(np.diff(stream.lines).max(initial=1))
        return self._scores(self._histories_by_line(stream, own), own, min(self.window, longest))

    def _scores(
        self, histories: Iterator[tuple[Tensor, ...]], own: Sequence[Tensor], window: int
    ) -> np.ndarray:
        """ln p of the targets of some histories, which append the network's own ln p to `own`."""
        theta = self.chosen["theta"]
        found = [block.log_probs(window, [theta])[0] for block in blocks(histories, window)]
        if not found:
            return np.empty(0, np.float32)
        alone, cached = torch.cat(list(own)).cpu().numpy(), torch.cat(found).cpu().numpy()
        return _together(alone, cached, self.chosen["weight"])

    @torch.no_grad()
    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        rows = np.empty((len(contexts), len(self.vocabulary)), dtype=np.float32)
        for row, ids in zip(rows, contexts, strict=True):
            features = features_of_history(self.network, ids, self.vocabulary.end, self.of.context)
            words = torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(features.device)
            row[:] = self._row(features[-1:], self.network.hidden_part(features), words)
        return rows

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        return in_blocks(self._rows_at(stream, places), rows)

    @torch.no_grad()
    def _rows_at(self, stream: TokenStream, places: np.ndarray) -> Iterator[np.ndarray]:
        """ln p of every token at each place of a stream in turn: [1, vocabulary]."""
        first = 0
        end, context = stream.vocabulary.end, self.of.context
        for features, targets in features_in_order(self.network, stream.ids, end, context):
            own = self.network.hidden_part(features)
            if not first:
                hidden, words = own[:0], targets[:0]
            before = len(hidden)
            hidden, words = torch.cat([hidden, own]), torch.cat([words, targets])
            for place in places[slice(*np.searchsorted(places, [first, first + len(targets)]))] - first:
                seen = before + int(place)
                yield self._row(features[place : place + 1], hidden[: seen + 1], words[:seen])[None]
            first += len(targets)
            hidden, words = hidden[-self.window :], words[-self.window :]

    def _row(self, features: Tensor, hidden: Tensor, words: Tensor) -> np.ndarray:
        """ln p of every token after a history: from its features [1, f], the hidden vectors of it [n + 1, h]
        and of all shorter ones, and its words [n]."""
        with full_float32(self.network):
            row: np.ndarray = self.network.output.distribution(features)[0].cpu().numpy()
        if not len(words):
            return row
        keys, theta = hidden[:-1][-self.window :], self.chosen["theta"]
        cached = cache_distribution(hidden[-1], keys, words[-self.window :], theta, len(row))
        return _together(row, cached.log().cpu().numpy(), self.chosen["weight"])

    def operations(self) -> Operations | None:
        """Those of the network, and 2 `window` H to compare a vector of H numbers with a full cache."""
        network = super().operations()
        assert network is not None
        assert network.score is not None
        return Operations(score=network.score + 2.0 * self.window * self._hidden().shape[1])

    def size(self) -> ModelSize:
        """The network, and the features and words of a full window."""
        network = super().size()
        assert network.bytes_in_memory is not None
        entry = self._hidden().nbytes + np.dtype(np.int64).itemsize
        return ModelSize(network.bytes_in_memory + self.window * entry, network.parameters, network.entries)

    def _hidden(self) -> Tensor:
        """The hidden vector of an empty history, [1, hidden]."""
        nothing = np.empty(0, np.int64)
        features = features_of_history(self.network, nothing, self.vocabulary.end, self.of.context)
        return self.network.hidden_part(features)

    def _histories(self, stream: TokenStream, own: list[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """The hidden vectors [n, hidden] of the histories and their targets [n], in consecutive chunks.

        The network's own ln p of the targets [n] is appended to `own`.
        """
        end = stream.vocabulary.end
        for features, targets in features_in_order(self.network, stream.ids, end, self.of.context):
            own.append(self._alone(features, targets))
            yield self.network.hidden_part(features), targets

    def _histories_by_line(self, stream: TokenStream, own: list[Tensor]) -> Iterator[tuple[Tensor, ...]]:
        """`_histories` with each line as a text of its own, and how many targets of its line precede each."""
        for features, targets, age in features_of_lines(self.network, stream):
            own.append(self._alone(features, targets))
            yield self.network.hidden_part(features), targets, age

    def _alone(self, features: Tensor, targets: Tensor) -> Tensor:
        """The network's own ln p of targets [n]."""
        with full_float32(self.network):
            return self.network.output.log_probs(features, targets)


def _together(alone: np.ndarray, cached: np.ndarray, weight: float) -> np.ndarray:
    """ln((1 − λ) p_network + λ p_cache), or ln p_network if the cache is empty (NaN)."""
    with np.errstate(divide="ignore", invalid="ignore"):  # a weight of 0 or 1, an empty cache
        both = np.logaddexp(alone + np.log1p(-weight), cached + np.log(weight))
    return np.where(np.isnan(cached), alone, both).astype(np.float32)
