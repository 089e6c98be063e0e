"""The Mogrifier LSTM (Melis, Kočiský & Blunsom 2020)."""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from baselines.neural.architectures.recurrent import Lstm
from baselines.neural.arithmetic import without_autocast
from baselines.neural.layers.cells import LstmLayer, RecurrentLayer
from baselines.neural.network import State


def _map(inputs: int, outputs: int, rank: int | None) -> nn.Module:
    """A linear map without bias; with a rank, the product of two thin matrices."""
    if rank is None:
        return nn.Linear(inputs, outputs, bias=False)
    return nn.Sequential(nn.Linear(inputs, rank, bias=False), nn.Linear(rank, outputs, bias=False))


class MogrifierLayer(LstmLayer):
    """An LSTM whose input and previous output gate each other, in turn, before each time step.

    In rounds i = 1, 2, … `rounds`, the odd ones compute x ← 2σ(Qⁱ h) ⊙ x and the even ones
    h ← 2σ(Rⁱ x) ⊙ h (Melis et al. 2020, eqs. 1 and 2). Every x depends on the h before it, so time is a
    loop here, not one kernel.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        rounds: int,
        rank: int | None = None,
        forget_bias: float | None = None,
        weight_drop: float = 0.0,
    ):
        super().__init__(inputs, units, forget_bias, weight_drop)
        self.rounds = nn.ModuleList(
            _map(inputs, units, rank) if place % 2 else _map(units, inputs, rank) for place in range(rounds)
        )

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        h, c = state[0][0], state[1][0]
        weights = self.weights()
        outputs = []
        # Autocast on CUDA, unlike that on a CPU, would round the state at every time step.
        cell = nullcontext if x.device.type == "cpu" else partial(without_autocast, x.device)
        for step in x.unbind():
            gated, before = self._mogrified(step, h, c)
            with cell():
                h, c = torch.lstm_cell(gated.to(c.dtype), before, *weights)
            outputs.append(h)
        return torch.stack(outputs), (h[None], c[None])

    def _mogrified(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The gated input [rows, inputs] of one time step, and the state: gated h, and c, [rows, units]."""
        for place, gate in enumerate(self.rounds):
            if place % 2:
                h = 2 * torch.sigmoid(gate(x)) * h
            else:
                x = 2 * torch.sigmoid(gate(h)) * x
        return x, (h, c)


@dataclass(kw_only=True, eq=False)
class MogrifierLstm(Lstm):
    """An LSTM whose inputs and states gate each other in `rounds` before each step (Melis et al. 2020).

    Odd rounds compute x ← 2σ(Q h) ⊙ x, even ones h ← 2σ(R x) ⊙ h. Each has its own matrix; with `rank` it
    is the product of two matrices of that rank. Without rounds this is an LSTM.
    """

    version: ClassVar[int] = 1

    rounds: Annotated[int, Field(ge=0, le=20)] = 5
    rank: Annotated[int, Field(ge=1)] | None = None

    def layer(self, inputs: int, units: int) -> RecurrentLayer:
        return MogrifierLayer(inputs, units, self.rounds, self.rank, self.forget_bias, self.weight_drop)
