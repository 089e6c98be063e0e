"""Connections around a layer: how its inputs x and its outputs y make what the next layer reads."""

from typing import Literal

import torch
from torch import Tensor, nn

SkipKind = Literal["none", "residual", "dense", "highway"]


class Skip(nn.Module):
    """None: y alone, which is `width` units wide."""

    def __init__(self, width: int):
        super().__init__()
        self.width = width

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return y

    def initialise_own(self) -> None:
        """Set what this connection starts otherwise than the recipe says, which came before."""


class Residual(Skip):
    """x + y (He et al. 2016, eq. 1)."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Dense(Skip):
    """[x; y]: over layers, the embeddings and the outputs of all below (Huang et al. 2017, eq. 2)."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.cat([x, y], -1)


class Highway(Skip):
    """T ⊙ y + (1 − T) ⊙ x with T = σ(W x + b) (Srivastava et al. 2015, eq. 3); b starts at −1: mostly x."""

    def __init__(self, width: int):
        super().__init__(width)
        self.gate = nn.Linear(width, width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + torch.sigmoid(self.gate(x)) * (y - x)

    def initialise_own(self) -> None:
        nn.init.constant_(self.gate.bias, -1.0)


def skip_connection(kind: SkipKind, inputs: int, units: int) -> Skip:
    """The connection around a layer; `residual` and `highway` only if outputs are as wide as inputs."""
    if kind == "dense":
        return Dense(inputs + units)
    if kind == "none" or inputs != units:
        return Skip(units)
    return Residual(units) if kind == "residual" else Highway(units)
