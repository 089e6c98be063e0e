"""A network that reads a stream segment by segment and learns from each segment once it is scored."""

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

import numpy as np
import torch
from torch import Tensor

from baselines.neural.adaptation.update_rule import UpdateRule
from baselines.neural.network import Network, detach
from benchmark.contract import Context

#: From features [targets, f], targets [n] and the number of targets before them to what is asked for.
Look = Callable[[Tensor, np.ndarray, int], Tensor]


class StatefulReader:
    """Reads ids in order and carries the state over. In `sentence` context it is reset after `</s>`."""

    def __init__(self, network: Network, end: int | None, context: Context):
        self._network = network
        match context:
            case "sentence":
                self._restart = end
            case "stream":
                self._restart = None
            case unknown:
                assert_never(unknown)
        self._device = next(network.parameters()).device
        self._state = network.initial_state(1)

    def read(self, inputs: np.ndarray) -> Tensor:
        """Features after each of the next inputs, [inputs, features], with a gradient if that is enabled."""
        self._state = detach(self._state)
        if self._restart is None:
            return self._read(inputs)
        pieces = np.split(inputs, np.flatnonzero(inputs[1:] == self._restart) + 1)
        return torch.cat([self._read(piece) for piece in pieces])

    def _read(self, inputs: np.ndarray) -> Tensor:
        if inputs[0] == self._restart:
            self._state = self._network.initial_state(1)
        tokens = torch.from_numpy(inputs).to(self._device)[:, None]
        features, self._state = self._network(tokens, self._state)
        return features.flatten(0, 1)


class OnlineLearner:
    """Reads a stream in segments of `segment` targets, counted from the beginning.

    The targets of a segment are scored with the weights that the segments before it left. Then, if the
    segment is complete, the `rule` updates the weights by the gradient of its mean −ln p. So a score depends
    on earlier targets alone.
    """

    def __init__(self, network: Network, end: int | None, context: Context, segment: int, rule: UpdateRule):
        self._network, self._segment, self._rule = network, segment, rule
        self._weights: list[Tensor] = list(network.parameters())
        self._reader = StatefulReader(network, end, context)

    def scores(self, ids: np.ndarray) -> Iterator[Tensor]:
        """ln p of each id of the stream, one tensor per segment: [at most `segment`]."""
        return self._looks(ids, self._score)

    def distributions(self, ids: np.ndarray, places: np.ndarray) -> Iterator[Tensor]:
        """ln p of every token at some places of the stream, ascending: one tensor [places, vocabulary] per
        segment."""

        def rows(features: Tensor, targets: np.ndarray, first: int) -> Tensor:
            inside = places[slice(*np.searchsorted(places, [first, first + len(targets)]))]
            return self._network.output.distribution(features[self._send(inside - first)])

        return self._looks(ids, rows)

    def _looks(self, ids: np.ndarray, look: Look) -> Iterator[Tensor]:
        """What `look` sees in each segment before the weights learn from it."""
        first = 0
        for inputs, targets in self._segments(ids):
            if len(targets) == self._segment:
                yield self._learn(inputs, targets, look, first)
            elif len(targets):
                with torch.no_grad():
                    yield look(self._reader.read(inputs[: len(targets)]), targets, first)
            first += len(targets)

    def features(self, ids: np.ndarray) -> Tensor:
        """Features [features] after a whole history, computed with the weights that its segments left."""
        for inputs, targets in self._segments(ids):
            if len(targets) == self._segment:
                self._learn(inputs, targets, self._score)
        with torch.no_grad():
            return self._reader.read(inputs)[-1]

    def _segments(self, ids: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Inputs and targets of each segment. The last is incomplete and has one more input than targets."""
        symbols = np.concatenate([[self._network.start], np.asarray(ids, dtype=np.int64)])
        for first in range(0, len(symbols), self._segment):
            yield symbols[first : first + self._segment], symbols[first + 1 : first + 1 + self._segment]

    def _learn(self, inputs: np.ndarray, targets: np.ndarray, look: Look, first: int = 0) -> Tensor:
        """Look at a complete segment, then update the weights by its gradient; what was seen."""
        with torch.enable_grad():
            features = self._reader.read(inputs)
            seen = look(features.detach(), targets, first)
            loss = self._network.output.exact_loss(features, self._send(targets))
            self._rule.step(self._weights, gradients(loss, self._weights))
        return seen

    def _score(self, features: Tensor, targets: np.ndarray, _first: int = 0) -> Tensor:
        """ln p of the targets, whatever stands before them."""
        return self._network.output.log_probs(features, self._send(targets))

    def _send(self, ids: np.ndarray) -> Tensor:
        return torch.from_numpy(ids).to(self._weights[0].device)


def gradients(loss: Tensor, weights: Sequence[Tensor]) -> list[Tensor]:
    """Dense gradients of a loss, zero for weights that it does not depend on."""
    found = torch.autograd.grad(loss, list(weights), materialize_grads=True)
    return [gradient.to_dense() if gradient.is_sparse else gradient for gradient in found]
