"""Skip connections: how a layer's inputs x and its outputs y become what the next layer reads."""

from abc import ABC, abstractmethod
from typing import Literal, assert_never

import torch
from torch import Tensor, nn

SkipKind = Literal["none", "residual", "dense", "highway"]


class Skip(nn.Module, ABC):
    """A connection around a layer whose result has `width` units."""

    def __init__(self, width: int):
        super().__init__()
        self.width = width

    @abstractmethod
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """From x [time, rows, inputs] and y [time, rows, units] to [time, rows, width]."""

    def adjust_initial_weights(self) -> None:
        """Change initial weights of this connection after the recipe has drawn all of them."""


class NoSkip(Skip):
    """y alone."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return y


class Residual(Skip):
    """x + y (He et al. 2016, eq. 1)."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Dense(Skip):
    """[x; y]; after several layers, the embeddings and all their outputs (Huang et al. 2017, eq. 2)."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.cat([x, y], -1)


class Highway(Skip):
    """T ⊙ y + (1 − T) ⊙ x with T = σ(W x + b) (Srivastava et al. 2015, eq. 3).

    b starts at −1, so that x passes almost unchanged at first.
    """

    def __init__(self, width: int):
        super().__init__(width)
        self.gate = nn.Linear(width, width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + torch.sigmoid(self.gate(x)) * (y - x)

    def adjust_initial_weights(self) -> None:
        nn.init.constant_(self.gate.bias, -1.0)


def skip_connection(kind: SkipKind, inputs: int, units: int) -> Skip:
    """The connection around a layer. If its widths differ, `residual` and `highway` are as `none`."""
    match kind:
        case "dense":
            return Dense(inputs + units)
        case "residual" if inputs == units:
            return Residual(units)
        case "highway" if inputs == units:
            return Highway(units)
        case "none" | "residual" | "highway":
            return NoSkip(units)
        case unknown:
            assert_never(unknown)
