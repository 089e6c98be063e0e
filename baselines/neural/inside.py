"""The inside of a network (see `benchmark.inside`), by reading texts step by step."""

import copy
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from baselines.neural.network import InnerLayer, Network, State
from benchmark.errors import UserError
from benchmark.inside import Gradients, LayerState, Reading


class OpenNetwork:
    """Implements `benchmark.inside.Inside`. Raises UserError for a network that names no inner layers."""

    def __init__(self, network: Network, label: str):
        self._step = _Step(copy.deepcopy(network).double().cpu().eval())
        self._layers = self._step.network.inner_layers()
        self._label = label
        if not self._layers:
            raise UserError(
                f"{label} has no recurrent layers, so there are no states by step to look at: take rnn, gru, "
                "lstm, min_gru or min_lstm"
            )

    @property
    def weights(self) -> Mapping[str, np.ndarray]:
        return {name: _array(each).copy() for name, each in self._network.named_parameters()}

    @property
    def recurrent(self) -> Sequence[str]:
        names = {id(each): name for name, each in self._network.named_parameters()}
        return [names[id(layer.recurrent)] for layer in self._layers if layer.recurrent is not None]

    def with_weights(self, changed: Mapping[str, np.ndarray]) -> Self:
        made = type(self)(self._network, self._label)
        parameters = dict(made._network.named_parameters())
        for name, numbers in changed.items():
            if name not in parameters or parameters[name].shape != numbers.shape:
                raise ValueError(f"{self._label} has no weight {name} of shape {numbers.shape}")
            with torch.no_grad():
                parameters[name].copy_(torch.from_numpy(numbers))
        return made

    def read(self, texts: np.ndarray) -> Reading:
        trace = self._read(texts, losses=())
        losses = [
            -self._network.output.log_probs(features, targets)
            for features, targets in zip(trace.features, trace.targets, strict=True)
        ]
        return Reading(
            _array(torch.stack(losses, 1)),
            tuple(_by_row(outputs) for outputs in trace.outputs),
            self._by_layer(trace.states),
        )

    def losses_with_dropout(self, texts: np.ndarray, seed: int) -> np.ndarray:
        inputs, targets = self._columns(texts)
        with torch.random.fork_rng(devices=()), torch.no_grad():
            torch.manual_seed(seed)
            self._network.train()
            try:
                features, _ = self._network(inputs, self._network.initial_state(len(texts)))
            finally:
                self._network.eval()
            log_probs = self._network.output.log_probs(features.flatten(0, 1), targets.flatten())
        return -_array(log_probs.view(targets.shape).t())

    def gradients(self, texts: np.ndarray) -> Gradients:
        trace = self._read(texts)
        parameters = dict(self._network.named_parameters())
        flat = [step for outputs in trace.outputs for step in outputs]
        by_all = _gradients(trace.loss, [*parameters.values(), *flat])
        by_steps = by_all[len(parameters) :]
        time = len(trace.targets)
        return Gradients(
            {name: _array(by) for name, by in zip(parameters, by_all, strict=False)},
            tuple(_by_row(by_steps[first : first + time]) for first in range(0, len(by_steps), time)),
        )

    def gradients_by_step(self, texts: np.ndarray, names: Sequence[str]) -> Mapping[str, np.ndarray]:
        weights = dict(self._network.named_parameters())
        copies = [
            {f"network.{name}": weights[name].detach().clone().requires_grad_() for name in names}
            for _ in range(texts.shape[1])
        ]
        trace = self._read(texts, copies)
        found = _gradients(trace.loss, [each for own in copies for each in own.values()])
        return {
            name: np.stack([_array(each) for each in found[place :: len(names)]])
            for place, name in enumerate(names)
        }

    def state_gradients(self, texts: np.ndarray) -> tuple[LayerState, ...]:
        trace = self._read(texts, losses=(texts.shape[1] - 1,))
        # The texts share nothing but the weights, so the gradient of the sum holds that of each.
        last = trace.losses[-1] * len(texts)
        read = trace.states[:-1]
        found = iter(_gradients(last, [part for state in read for part in state]))
        return self._by_layer([tuple(next(found) for _ in state) for state in read])

    @property
    def _network(self) -> Network:
        return self._step.network

    def _columns(self, texts: np.ndarray) -> tuple[Tensor, Tensor]:
        """What each step reads and what it predicts, both [time, rows]."""
        ids = torch.from_numpy(np.asarray(texts, dtype=np.int64)).t()
        return torch.cat([torch.full_like(ids[:1], self._network.start), ids[:-1]]), ids

    def _read(
        self,
        texts: np.ndarray,
        weights: Sequence[Mapping[str, Tensor]] = (),
        losses: Container[int] | None = None,
    ) -> "_Trace":
        """Read texts step by step; step t with `weights[t]` in place of those of the network.

        `losses` are the steps whose loss is computed (None: all). It is most of the work.
        """
        rows, time = texts.shape
        inputs, ids = self._columns(texts)
        state = tuple(part.requires_grad_() for part in _apart(self._network.initial_state(rows)))
        trace = _Trace(tuple([] for _ in self._layers), [state])
        with torch.enable_grad(), _recorded(self._layers, trace.outputs):
            for t in range(time):
                targets = ids[t] if losses is None or t in losses else None
                arguments = (inputs[t : t + 1], state, targets)
                features, state, loss = functional_call(
                    self._step, dict(weights[t]) if weights else {}, arguments
                )
                trace.add(features, state, loss, ids[t])
        return trace

    def _by_layer(self, states: Sequence[State]) -> tuple[LayerState, ...]:
        """States over time, [parts of a layer, rows, size] each, by layer and name: [rows, time, size]."""
        place, layers = 0, []
        for layer in self._layers:
            parts = {
                name: np.stack([_array(state[place + own].transpose(0, 1).flatten(1)) for state in states], 1)
                for own, name in enumerate(layer.states)
            }
            place += len(layer.states)
            layers.append(parts)
        return tuple(layers)


class _Step(nn.Module):
    """A step with its loss, as one function of all weights."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def forward(
        self, tokens: Tensor, state: State, targets: Tensor | None
    ) -> tuple[Tensor, State, Tensor | None]:
        """Features, the state after them, and the mean loss over rows, if there are targets."""
        features, after = self.network(tokens, state)
        loss = None if targets is None else self.network.output.exact_loss(features[0], targets)
        return features[0], after, loss


@dataclass
class _Trace:
    """The graph of a reading, by step. `outputs` [1, rows, size] by layer; `losses` are means over rows."""

    outputs: tuple[list[Tensor], ...]
    states: list[State]
    features: list[Tensor] = field(default_factory=list)
    losses: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)

    def add(self, features: Tensor, state: State, loss: Tensor | None, targets: Tensor) -> None:
        self.features.append(features)
        self.states.append(state)
        if loss is not None:
            self.losses.append(loss)
        self.targets.append(targets)

    @property
    def loss(self) -> Tensor:
        return torch.stack(self.losses).mean()


@contextmanager
def _recorded(layers: Sequence[InnerLayer], outputs: Sequence[list[Tensor]]) -> Iterator[None]:
    """While this lasts, what layers compute is added to `outputs`."""

    def recorder(into: list[Tensor]) -> Callable[..., None]:
        def record(module: nn.Module, arguments: Any, result: Any) -> None:
            into.append(result if isinstance(result, Tensor) else result[0])

        return record

    handles = [
        layer.module.register_forward_hook(recorder(into))
        for layer, into in zip(layers, outputs, strict=True)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _apart(state: State) -> State:
    """A state whose parts are tensors of their own, even where they were one and the same."""
    return tuple(part.clone() for part in state)


def _gradients(loss: Tensor, by: Sequence[Tensor]) -> list[Tensor]:
    """Dense gradients; zeros by what the loss does not depend on."""
    found = torch.autograd.grad(loss, by, allow_unused=True)
    dense = []
    for gradient, of in zip(found, by, strict=True):
        if gradient is None:
            gradient = torch.zeros_like(of)
        dense.append(gradient.to_dense() if gradient.is_sparse else gradient)
    return dense


def _by_row(steps: Sequence[Tensor]) -> np.ndarray:
    """Steps [1, rows, size] as [rows, time, size]."""
    return _array(torch.cat(list(steps)).transpose(0, 1))


def _array(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().numpy()
    return array
