"""A decoder-only transformer whose attention is a sliding window, carried from segment to segment."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from baselines.neural.architectures.residual import ResidualModel, ResidualNetwork
from baselines.neural.architectures.transformer_attention import Positions, SpanAttention, choose_heads
from baselines.neural.layers.feed_forward import FeedForward
from baselines.neural.network import Network, State, matrix_operations
from benchmark.contract import Vocabulary
from benchmark.errors import UserError


class Block(nn.Module):
    """x + Attention(LayerNorm(x)), then x + FF(LayerNorm(x)): pre-norm (Xiong et al. 2020)."""

    def __init__(self, options: "Transformer"):
        super().__init__()
        width = options.hidden_size
        heads = options.heads or choose_heads(width)
        self.before_attention = nn.LayerNorm(width)
        self.attention = SpanAttention(width, heads, options.span, options.positions)
        self.before_feed_forward = nn.LayerNorm(width)
        self.feed_forward = FeedForward(width, options.expansion * width, width, options.activation)
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, x: Tensor, carried: Tensor) -> tuple[Tensor, Tensor]:
        """The next x [time, rows, width], and the keys and values to carry after those before it."""
        attended, carried = self.attention(self.before_attention(x), carried)
        x = x + self.dropout(attended)
        return x + self.dropout(self.feed_forward(self.before_feed_forward(x))), carried


class TransformerNetwork(ResidualNetwork):
    """The network of `Transformer`. Its state: keys and values [≤ span − 1, rows, 2 width] of each layer."""

    def __init__(self, vocabulary: Vocabulary, options: "Transformer"):
        super().__init__(vocabulary, options, lambda: Block(options))
        self.memory = options.layers * (options.span - 1) + 1

    def block_state(self, rows: int) -> State:
        return (self.zeros(0, rows, 2 * self.width),)

    def operations(self) -> float:
        """Besides the matrices, a block compares a query with `span` keys and sums as many values:
        2 · 2 · span · width. The biases of `learned` positions are added, not multiplied."""
        attention = [block.attention for block in self.blocks if isinstance(block, Block)]
        added = matrix_operations(each.bias for each in attention if not each.rotary)
        return super().operations() - added + sum(4.0 * each.span * self.width for each in attention)

    @torch.no_grad()
    def adjust_initial_weights(self) -> None:
        """Divide what each sublayer adds by √(2 layers) (Radford et al. 2019, section 2.3)."""
        for module in self.modules():
            if isinstance(module, Block):
                for matrix in (module.attention.outward.weight, module.feed_forward.down.weight):
                    matrix.div_((2 * len(self.blocks)) ** 0.5)
                if not module.attention.rotary:
                    module.attention.bias.zero_()


@dataclass(kw_only=True, eq=False)
class Transformer(ResidualModel):
    """A decoder-only transformer (Vaswani et al. 2017; Radford et al. 2019) with a sliding window.

    In each of `layers`, every position attends to the last `span` positions, across the borders of segments:
    keys and values are carried over, cut off from the graph, as in Transformer-XL (Dai et al. 2019). So a
    score does not depend on how a stream is cut. It depends on the last `layers` × (`span` − 1) + 1 tokens.
    `positions` are `rotary` or `learned` biases by distance.

    `hidden_size` is the width of the residual stream; embeddings of another size are projected to it. The
    feed-forward layers have `expansion` × `hidden_size` units. `heads`: null chooses a number that makes
    heads about 64 wide. `dropout` is applied to the embeddings, to what each sublayer adds, and to the
    output.
    """

    version: ClassVar[int] = 1

    heads: Annotated[int, Field(ge=1)] | None = None
    span: Annotated[int, Field(ge=2, le=4096)] = 64
    positions: Positions = "rotary"

    def __post_init__(self) -> None:
        super().__post_init__()
        heads = self.heads or choose_heads(self.hidden_size)
        if self.hidden_size % heads:
            raise UserError(
                f"model.heads ({heads}) must divide model.hidden_size ({self.hidden_size}). "
                "Set model.heads=null to have it chosen"
            )
        if self.positions == "rotary" and self.hidden_size // heads % 2:
            raise UserError(
                f"model.positions=rotary rotates pairs of units: model.hidden_size ({self.hidden_size}) over "
                f"model.heads ({heads}) must be even. Change one or set model.positions=learned"
            )

    def build(self, vocabulary: Vocabulary) -> Network:
        return TransformerNetwork(vocabulary, self)
