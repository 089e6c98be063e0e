"""What every neural architecture is: an embedding, something that reads the past, and an output layer."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.output.kinds import Output
from benchmark.contract import Vocabulary

#: What a network carries from one segment of a stream to the next. Dimension 1 of each tensor is the row.
State = tuple[Tensor, ...]


class Network(nn.Module, ABC):
    """Reads tokens and computes the features from which the output layer predicts the next token.

    A subclass calls `super().__init__` with the number of `features` it computes, creates its layers, and
    implements:

    - `initial_state(rows)`: the state before the first token, a tuple of tensors, one row of text per index
      of dimension 1, such as `(self.zeros(1, rows, units),)`; `()` if nothing is carried over;
    - `forward(tokens, state)`: from tokens int64 [time, rows] and a state, the features
      [time, rows, features] and the state after the last token. Time comes first, as in torch's recurrent
      layers. Features at time t may depend on the state and on tokens 0 … t only.

    It looks tokens up by `self.embed(tokens)`. The first token of a text is `start`: `</s>` if the
    vocabulary has one, otherwise an extra row of the embedding that is never a target.

    Two optional attributes of behaviour: `memory` is how many tokens back the network sees (None: all of
    them), which lets long contexts be cut; `adjust_initial_weights` changes weights after the recipe has
    drawn them. `self.embedding` and `self.output` exist already. With `tied` the output layer shares the
    embedding matrix, and then `features` must equal `embedding_size`.
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
        """Embeddings of tokens int64 [...]: [..., embedding_size].

        The gradient of a tied matrix is the dense one of the output plus a few rows. On a CPU these rows
        stay sparse until autograd adds them in place, so that no second matrix is filled with zeros.
        """
        weight = self.embedding.weight
        sparse = self._tied and weight.device.type == "cpu" and not torch.compiler.is_compiling()
        return F.embedding(tokens, weight, sparse=sparse)

    def zeros(self, *shape: int) -> Tensor:
        """A tensor of zeros on the network's device and of its type, for `initial_state`."""
        return self.embedding.weight.new_zeros(shape)

    @abstractmethod
    def initial_state(self, rows: int) -> State:
        """The state of `rows` rows before their first token."""

    @abstractmethod
    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Features [time, rows, features] after each of tokens [time, rows], and the state after the last."""

    def forward_with_penalty(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor | None]:
        """As `forward`, with what training adds to the loss (nats per token); None: nothing."""
        return *self(tokens, state), None

    def hidden_part(self, features: Tensor) -> Tensor:
        """The hidden vectors [n, hidden] in features [n, features], which a neural cache compares."""
        return features

    def adjust_initial_weights(self) -> None:
        """Change initial weights of this architecture after the recipe has drawn all of them."""


def detach(state: State) -> State:
    """The same state, cut off from the graph that computed it (truncated back-propagation)."""
    return tuple(part.detach() for part in state)
