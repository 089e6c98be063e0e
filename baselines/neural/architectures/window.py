"""A feed-forward network over a fixed window of words (Bengio et al. 2003)."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from baselines.neural.model import NeuralModel, check_tied
from baselines.neural.network import Network, State
from baselines.neural.output.kinds import Output
from benchmark.contract import Vocabulary
from benchmark.errors import UserError


class WindowNetwork(Network):
    """A network whose features depend on the last `memory` tokens. A subclass implements `read`.

    Its state is the tokens before the segment, int64 [memory − 1, rows].
    """

    memory: int

    def __init__(
        self,
        vocabulary: Vocabulary,
        embedding_size: int,
        features: int,
        *,
        memory: int,
        tied: bool,
        output: Output,
    ):
        super().__init__(vocabulary, embedding_size, features, tied=tied, output=output)
        self.memory = memory

    def initial_state(self, rows: int) -> State:
        shape = (self.memory - 1, rows)
        return (torch.full(shape, self.start, device=self.embedding.weight.device),)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        seen = torch.cat([state[0], tokens])
        return self.read(seen), (seen[len(tokens) :],)

    @abstractmethod
    def read(self, seen: Tensor) -> Tensor:
        """Features [time, rows, features] after the last `time` tokens of seen [memory − 1 + time, rows]."""


class FixedWindowNetwork(WindowNetwork):
    """The network of `FixedWindow`."""

    def __init__(self, vocabulary: Vocabulary, options: "FixedWindow"):
        read = options.window * options.embedding_size
        super().__init__(
            vocabulary,
            options.embedding_size,
            options.hidden_size + (read if options.direct else 0),
            memory=options.window,
            tied=options.tied,
            output=options.output,
        )
        self.direct = options.direct
        self.hidden = nn.Linear(read, options.hidden_size)
        self.dropout = nn.Dropout(options.dropout)

    def read(self, seen: Tensor) -> Tensor:
        windows = seen.unfold(0, self.memory, 1)  # [time, rows, window]: a view, no token is copied
        x = self.dropout(self.embed(windows).flatten(2))
        h = self.dropout(torch.tanh(self.hidden(x)))
        return torch.cat([h, x], 2) if self.direct else h


@dataclass(kw_only=True, eq=False)
class FixedWindow(NeuralModel):
    """The neural probabilistic language model of Bengio et al. (2003, eq. 1) over the last `window` words.

    y = b + W x + U tanh(d + H x), p = softmax(y), where x is the concatenation of the embeddings of the
    window, oldest first. The direct connections W exist only if `direct`. With `tied`, U is the embedding
    matrix. The window of the first words of a stream (or of a sentence, in `sentence` context) is filled up
    with `</s>`.
    """

    version: ClassVar[int] = 1

    window: Annotated[int, Field(ge=1, le=1000)] = 5
    embedding_size: Annotated[int, Field(ge=1)] = 200
    hidden_size: Annotated[int, Field(ge=1)] = 200
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    tied: bool = True
    direct: bool = False

    def __post_init__(self) -> None:
        check_tied(self.tied, self.embedding_size, self.hidden_size)
        if self.tied and self.direct:
            raise UserError(
                "model.tied and model.direct exclude each other: direct connections need an output matrix "
                "of their own. Set model.tied=false or model.direct=false"
            )

    def build(self, vocabulary: Vocabulary) -> Network:
        return FixedWindowNetwork(vocabulary, self)
