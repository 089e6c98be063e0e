"""Recurrent layers: their weights, and the kernel that carries a state through a segment of time."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from baselines.neural.kernels import recurrence
from baselines.neural.kernels.device import share_block
from baselines.neural.kernels.recurrence import Nonlinearity
from baselines.neural.layers.dropout import WeightDrop
from baselines.neural.network import State


class RecurrentLayer(nn.Module, ABC):
    """From x [time, rows, inputs] to outputs [time, rows, units] and the state after the last time step.

    The state is a tensor [1, rows, units] for each of `state_names`, the first of them h. Weights have the
    layout of torch's cells: `gates` blocks of rows each. A share `weight_drop` of the recurrent connections
    is dropped in each segment of training.
    """

    gates: ClassVar[int]
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(self, inputs: int, units: int, weight_drop: float = 0.0):
        super().__init__()
        self.units = units
        rows = self.gates * units
        self.weight_ih = nn.Parameter(torch.empty(rows, inputs))
        self.weight_hh = nn.Parameter(torch.empty(rows, units))
        self.bias_ih = nn.Parameter(torch.zeros(rows))
        self.bias_hh = nn.Parameter(torch.zeros(rows))
        self.weight_drop = WeightDrop(weight_drop)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """What `to`, `cuda` and the like call: off the CPU the weights then share a block of memory."""
        super()._apply(fn, recurse)
        if self.weight_ih.device.type != "cpu":
            share_block((self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh))
        return self

    def weights(self) -> recurrence.Weights:
        """The kernel's weights. In training with weight drop, each call draws a mask."""
        return self.weight_ih, self.weight_drop(self.weight_hh), self.bias_ih, self.bias_hh

    def initial_state(self, rows: int) -> State:
        """Zeros, for `rows` rows."""
        return (self.weight_hh.new_zeros(1, rows, self.units),) * len(self.state_names)

    @abstractmethod
    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Outputs, and the state after the last time step."""

    def adjust_initial_weights(self) -> None:
        """Change initial weights of this layer after the recipe has drawn all of them."""


class ElmanLayer(RecurrentLayer):
    """hₜ = f(W xₜ + U hₜ₋₁ + b). With `identity`, U starts as the identity (Le, Jaitly & Hinton 2015)."""

    gates = 1

    def __init__(
        self,
        inputs: int,
        units: int,
        nonlinearity: Nonlinearity,
        identity: bool = False,
        weight_drop: float = 0.0,
    ):
        super().__init__(inputs, units, weight_drop)
        self.nonlinearity: Nonlinearity = nonlinearity
        self.identity = identity

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        outputs, h = recurrence.elman(x, state[0][0], self.weights(), self.nonlinearity)
        return outputs, (h[None],)

    def adjust_initial_weights(self) -> None:
        if self.identity:
            nn.init.eye_(self.weight_hh)


class GruLayer(RecurrentLayer):
    """The gated recurrent unit of `recurrence.gru`; blocks of rows: reset, update, new."""

    gates = 3

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        outputs, h = recurrence.gru(x, state[0][0], self.weights())
        return outputs, (h[None],)


class LstmLayer(RecurrentLayer):
    """The long short-term memory of `recurrence.lstm`; blocks of rows: input, forget, cell, output.

    `forget_bias`: the initial bias of the forget gate (None: as the recipe says).
    """

    gates = 4
    state_names = ("h", "c")

    def __init__(self, inputs: int, units: int, forget_bias: float | None = None, weight_drop: float = 0.0):
        super().__init__(inputs, units, weight_drop)
        self.forget_bias = forget_bias

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        outputs, h, c = recurrence.lstm(x, state[0][0], state[1][0], self.weights())
        return outputs, (h[None], c[None])

    def adjust_initial_weights(self) -> None:
        if self.forget_bias is not None:
            forget = slice(self.units, 2 * self.units)
            nn.init.constant_(self.bias_ih[forget], self.forget_bias)
            nn.init.zeros_(self.bias_hh[forget])
