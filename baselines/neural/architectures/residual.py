"""What architectures with a residual stream share: settings, and a network around their blocks."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from baselines.neural.layers.feed_forward import Activation, projection
from baselines.neural.model import NeuralModel, check_tied
from baselines.neural.network import Network, State
from benchmark.contract import Vocabulary


class ResidualNetwork(Network):
    """Embeddings, projected to the stream's width, then `blocks` in turn; the features are LayerNorm(x).

    A block is called with x [time, rows, width] and the tensors it carries over; it returns the next x and
    the new tensors. A subclass implements `block_state`. The state is that of each block, the lowest first.
    """

    def __init__(self, vocabulary: Vocabulary, options: "ResidualModel", block: Callable[[], nn.Module]):
        width = options.hidden_size
        super().__init__(vocabulary, options.embedding_size, width, tied=options.tied, output=options.output)
        self.project = projection(options.embedding_size, width)
        self.blocks = nn.ModuleList(block() for _ in range(options.layers))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(options.dropout)
        self.width = width

    @abstractmethod
    def block_state(self, rows: int) -> State:
        """What a block carries over before the first token of `rows` texts."""

    def initial_state(self, rows: int) -> State:
        return self.block_state(rows) * len(self.blocks)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        x = self.dropout(self.project(self.embed(tokens)))
        each = len(state) // len(self.blocks)
        after: list[Tensor] = []
        for place, block in enumerate(self.blocks):
            x, *carried = block(x, *state[place * each : (place + 1) * each])
            after.extend(carried)
        return self.dropout(self.norm(x)), tuple(after)


@dataclass(kw_only=True, eq=False)
class ResidualModel(NeuralModel):
    """`layers` of blocks on a residual stream of `hidden_size`, to which other embedding sizes are projected.

    The feed-forward part of a block has `expansion` × `hidden_size` units and this `activation`. `dropout` is
    applied to the embeddings, to what each part of a block adds, and to the output.
    """

    layers: Annotated[int, Field(ge=1, le=64)] = 2
    embedding_size: Annotated[int, Field(ge=1)] = 200
    hidden_size: Annotated[int, Field(ge=1)] = 200
    expansion: Annotated[int, Field(ge=1)] = 4
    activation: Activation = "gelu"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    tied: bool = True

    def __post_init__(self) -> None:
        check_tied(self.tied, self.embedding_size, self.hidden_size)
