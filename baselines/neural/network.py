"""What every neural architecture is: an embedding, something that reads the past, an output layer."""

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.output.settings import Output
from benchmark.contract import Vocabulary

#: What a network carries from one segment of a stream to the next; rows are dimension 1 of each tensor.
State = tuple[Tensor, ...]


class Network(nn.Module):
    """Reads tokens [time, rows] and gives features [time, rows, features] for the output layer.

    Time comes first, as recurrent kernels have it. `start` is the input before the first token:
    `</s>` where the vocabulary has one, else an extra row of the embedding, which is never a target.
    `memory` is how many tokens back the network sees (None: all of them).
    """

    memory: int | None = None

    def __init__(
        self, vocabulary: Vocabulary, embedding_size: int, features: int, *, tied: bool, output: Output
    ):
        super().__init__()
        self.start = len(vocabulary) if vocabulary.end is None else vocabulary.end
        symbols = max(len(vocabulary), self.start + 1)
        self.embedding = nn.Embedding(symbols, embedding_size)
        self.output = output.build(vocabulary, features, self.embedding if tied else None)
        self._tied = tied

    def embed(self, tokens: Tensor) -> Tensor:
        """Embeddings of tokens, [*tokens, embedding_size].

        The gradient of a tied matrix is that of the output, which is dense, plus a few rows. On a CPU
        they stay sparse until autograd adds them in place: no second matrix is filled with zeros.
        """
        weight = self.embedding.weight
        sparse = self._tied and weight.device.type == "cpu" and not torch.compiler.is_compiling()
        return F.embedding(tokens, weight, sparse=sparse)

    @abstractmethod
    def initial_state(self, rows: int) -> State:
        """The state of `rows` rows before their first token."""

    @abstractmethod
    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Features after each token, and the state after the last."""

    def comparable(self, features: Tensor) -> Tensor:
        """What of the features is a vector that others can be compared with: [n, hidden] of [n, features]."""
        return features

    def regularised(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor | None]:
        """As `forward`, with what training adds to the loss (nats a token); None: nothing."""
        return *self(tokens, state), None

    def initialise_own(self) -> None:
        """Set what this architecture starts otherwise than the recipe says, which came before."""


def detach(state: State) -> State:
    """The same state, cut off from the graph that computed it (truncated back-propagation)."""
    return tuple(part.detach() for part in state)
