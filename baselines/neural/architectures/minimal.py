"""minGRU and minLSTM: their gates see the input alone, so time is a parallel scan (Feng et al. 2024)."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.architectures.residual import ResidualModel, ResidualNetwork
from baselines.neural.kernels.linear_scan import linear_scan
from baselines.neural.layers.feed_forward import FeedForward
from baselines.neural.network import InnerLayer, Network, State
from benchmark.contract import Vocabulary


def positive(x: Tensor) -> Tensor:
    """The paper's g: x + ½ for x ≥ 0, otherwise σ(x). Continuous, increasing and positive."""
    return torch.where(x >= 0, x + 0.5, torch.sigmoid(x))


class Cells(nn.Module, ABC):
    """hₜ = aₜ ⊙ hₜ₋₁ + (1 − aₜ) ⊙ g(W xₜ + b), with aₜ from `gates` linear functions of xₜ."""

    gates: ClassVar[int]

    def __init__(self, width: int):
        super().__init__()
        self.inward = nn.Linear(width, (self.gates + 1) * width)

    @abstractmethod
    def keep(self, gates: Tensor) -> Tensor:
        """a [time, rows, width] from gates [time, rows, gates · width]."""

    def forward(self, x: Tensor, first: Tensor) -> Tensor:
        """From x [time, rows, width] and the state before it [rows, width] to h [time, rows, width]."""
        width = x.shape[2]
        inward = self.inward(x).to(x.dtype)  # the recurrence is not computed in bfloat16
        gates, candidate = inward.split([self.gates * width, width], 2)
        a = self.keep(gates)
        return linear_scan(a, (1 - a) * positive(candidate), first)


class GruCells(Cells):
    """a = 1 − z, z = σ(W x + b)."""

    gates = 1

    def keep(self, gates: Tensor) -> Tensor:
        return torch.sigmoid(-gates)


class LstmCells(Cells):
    """a = f / (f + i) with f and i = σ(W x + b), each with its own weights; computed as σ(ln f − ln i)."""

    gates = 2

    def keep(self, gates: Tensor) -> Tensor:
        forget, enter = F.logsigmoid(gates).chunk(2, 2)
        return torch.sigmoid(forget - enter)


class Convolution(nn.Module):
    """A causal convolution of each unit over the last `width` positions: Σⱼ wⱼ ⊙ xₜ₋ⱼ."""

    def __init__(self, size: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, size))  # the last row is that of the present position

    def forward(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """The sums of x [time, rows, size], and the positions to carry after those `before` it."""
        seen = torch.cat([before, x])
        total = x * self.weight[-1]
        for place, weight in enumerate(self.weight[:-1]):
            total = torch.addcmul(total, seen[place : place + len(x)], weight)
        return total, seen[len(x) :]


class Block(nn.Module):
    """x + cells(convolution(LayerNorm(x))), then x + FF(LayerNorm(x))."""

    def __init__(self, options: "Minimal"):
        super().__init__()
        width = options.hidden_size
        self.before_cells = nn.LayerNorm(width)
        self.convolution = Convolution(width, options.convolution)
        self.cells = options.cells(width)
        self.before_feed_forward = nn.LayerNorm(width)
        self.feed_forward = FeedForward(width, options.expansion * width, width, options.activation)
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, x: Tensor, first: Tensor, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The next x [time, rows, width], the last h [1, rows, width] and the convolution's last inputs."""
        mixed, before = self.convolution(self.before_cells(x), before)
        h = self.cells(mixed, first[0])
        x = x + self.dropout(h)
        return x + self.dropout(self.feed_forward(self.before_feed_forward(x))), h[-1:], before


class MinimalNetwork(ResidualNetwork):
    """The network of `Minimal`. State: h [1, rows, width] and the convolution's last inputs of each layer."""

    def __init__(self, vocabulary: Vocabulary, options: "Minimal"):
        super().__init__(vocabulary, options, lambda: Block(options))
        self.carried = options.convolution - 1

    def block_state(self, rows: int) -> State:
        return self.zeros(1, rows, self.width), self.zeros(self.carried, rows, self.width)

    def inner_layers(self) -> Sequence[InnerLayer]:
        return [InnerLayer(block, ("h", "inputs")) for block in self.blocks]

    @torch.no_grad()
    def adjust_initial_weights(self) -> None:
        """Start convolutions near the identity; divide what feed-forward parts add by √(2 layers)."""
        for block in self.modules():
            if isinstance(block, Block):
                block.convolution.weight[-1] = 1.0
                block.feed_forward.down.weight.div_((2 * len(self.blocks)) ** 0.5)


@dataclass(kw_only=True, eq=False)
class Minimal(ResidualModel):
    """What minGRU and minLSTM share: `layers` of a causal convolution, minimal cells and a feed-forward part.

    The layers are those of the paper's language models: a convolution over `convolution` positions (with 1
    it only scales), cells, and a feed-forward part of `expansion` × `hidden_size` units, here after layer
    norms and on a residual stream of `hidden_size`. Embeddings of another size are projected to it.
    `dropout` is applied to the embeddings, to what each part adds, and to the output. The state starts at
    zero.
    """

    cells: ClassVar[type[Cells]]

    convolution: Annotated[int, Field(ge=1, le=64)] = 4

    def build(self, vocabulary: Vocabulary) -> Network:
        return MinimalNetwork(vocabulary, self)


@dataclass(kw_only=True, eq=False)
class MinGru(Minimal):
    """minGRU (Feng et al. 2024): h = (1 − z) ⊙ h + z ⊙ g(W x + b), z = σ(V x + c)."""

    version: ClassVar[int] = 1

    cells = GruCells


@dataclass(kw_only=True, eq=False)
class MinLstm(Minimal):
    """minLSTM (Feng et al. 2024): h = f' ⊙ h + i' ⊙ g(W x + b), with f' = f / (f + i) and i' = i / (f + i).

    f and i are σ(V x + c), each with its own weights. A unit has one state and no output gate.
    """

    version: ClassVar[int] = 1

    cells = LstmCells
