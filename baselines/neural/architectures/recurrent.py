"""Recurrent language models: Elman networks and LSTMs."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from torch import Tensor, nn

from baselines.neural.model import NeuralModel, check_tied
from baselines.neural.network import Network, State
from benchmark.contract import Vocabulary


class RecurrentNetwork(Network):
    """Embedding, a stack of recurrent layers, output; dropout between all of them (Zaremba et al. 2014)."""

    def __init__(self, vocabulary: Vocabulary, cells: nn.RNNBase, options: "Recurrent"):
        super().__init__(
            vocabulary, cells.input_size, cells.hidden_size, tied=options.tied, output=options.output
        )
        self.cells = cells
        self.dropout = nn.Dropout(options.dropout)

    def initial_state(self, rows: int) -> State:
        zeros = self.embedding.weight.new_zeros(self.cells.num_layers, rows, self.cells.hidden_size)
        return (zeros, zeros) if isinstance(self.cells, nn.LSTM) else (zeros,)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        x = self.dropout(self.embed(tokens))
        if isinstance(self.cells, nn.LSTM):
            h, state = self.cells(x, state)
        else:
            h, last = self.cells(x, state[0])
            state = (last,)
        return self.dropout(h), state


@dataclass(kw_only=True, eq=False)
class Recurrent(NeuralModel):
    """What recurrent models share: `layers` of `hidden_size` units over embeddings of `embedding_size`.

    `dropout` is applied to the embeddings, between layers and to the output, never to the recurrent
    connections (Zaremba et al. 2014). With `tied`, the output matrix is the embedding matrix.
    """

    layers: Annotated[int, Field(ge=1, le=8)] = 2
    embedding_size: Annotated[int, Field(ge=1)] = 200
    hidden_size: Annotated[int, Field(ge=1)] = 200
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    tied: bool = True

    def __post_init__(self) -> None:
        check_tied(self.tied, self.embedding_size, self.hidden_size)

    def _stack(self) -> dict[str, Any]:
        """Arguments of torch's recurrent modules, which warn of dropout where nothing is between layers."""
        between = self.dropout if self.layers > 1 else 0.0
        sizes = {"input_size": self.embedding_size, "hidden_size": self.hidden_size}
        return {**sizes, "num_layers": self.layers, "dropout": between}


@dataclass(kw_only=True, eq=False)
class Rnn(Recurrent):
    """Elman's network (1990; as a language model, Mikolov et al. 2010): hₜ = f(W xₜ + U hₜ₋₁ + b)."""

    nonlinearity: Literal["tanh", "relu"] = "tanh"

    def build(self, vocabulary: Vocabulary) -> Network:
        cells = nn.RNN(**self._stack(), nonlinearity=self.nonlinearity)
        return RecurrentNetwork(vocabulary, cells, self)


@dataclass(kw_only=True, eq=False)
class Lstm(Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    i, f, o = σ(W x + U h + b), each its own; c = f ⊙ c + i ⊙ tanh(W x + U h + b); h = o ⊙ tanh(c).
    """

    def build(self, vocabulary: Vocabulary) -> Network:
        cells = nn.LSTM(**self._stack())
        return RecurrentNetwork(vocabulary, cells, self)
