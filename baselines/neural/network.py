"""What every neural architecture is: an embedding, something that reads the past, and an output layer."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.output.kinds import Output
from benchmark.contract import Vocabulary

#: What a network carries from one segment of a stream to the next: tensors of whatever shape it chooses.
State = tuple[Tensor, ...]


@dataclass(frozen=True)
class InnerLayer:
    """A layer as those who study a network see it (`benchmark.inside`).

    The output of `module`, or the first of several, is the layer's, [time, rows, size]. `states` names its
    tensors in the network's state, in their order. `recurrent` is the matrix that multiplies its h, if any.
    """

    module: nn.Module
    states: tuple[str, ...]
    recurrent: Tensor | None = None


class Network(nn.Module, ABC):
    """Reads tokens and computes the features from which the output layer predicts the next token.

    A subclass calls `super().__init__` with the number of `features` that it computes, creates its layers,
    and implements two methods:

    - `initial_state(rows)` returns the state before the first token for `rows` texts that are read side by
      side: a tuple of tensors, such as `(self.zeros(rows, units),)`, or `()` if nothing is carried over;
    - `forward(tokens, state)` gets tokens int64 [time, rows] and a state, and returns the features
      [time, rows, features] after each token and the state after the last one. Time comes first, as in
      torch's recurrent layers. The features at time t may depend on the state and on tokens 0 … t only.

    `Network.__init__` creates `self.embedding`, which `self.embed(tokens)` looks tokens up in, and
    `self.output`, which turns features into probabilities. With `tied` both share one matrix, so `features`
    must equal `embedding_size`. The first token of a text is `self.start`: `</s>` if the vocabulary has one,
    otherwise an extra row of the embedding, which is never a target.

    Dropout and the like must depend on `self.training`, which is False while scoring.

    Optionally, a subclass sets `memory`, the number of tokens back that it sees (None: all of them), so that
    long contexts can be cut; `architectures.window.WindowNetwork` does so for a fixed window. It may override
    the methods below `forward`.
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
        """The state of `rows` texts before their first token."""

    @abstractmethod
    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Features [time, rows, features] after each of tokens [time, rows], and the state after the last."""

    def forward_with_penalty(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor | None]:
        """As `forward`, with what training adds to the loss (nats per token); None: nothing."""
        return *self(tokens, state), None

    def hidden_part(self, features: Tensor) -> Tensor:
        """The hidden vectors [n, hidden] in features [n, features], which a neural cache compares."""
        return features

    def operations(self) -> float:
        """Floating-point operations that the features of one token take in scoring, a multiply-add being two.

        Those of matrix products count, 2 m n for a matrix [m, n], and not what is done element by element
        (Kaplan et al. 2020, section 2.1): a layer of an LSTM with H units on I inputs takes 2 · 4H (I + H).
        Here every matrix (and every filter of a convolution) but those of embedding and output is taken to be
        used once for each token. A network that uses one more often, or otherwise, overrides this method.
        """
        apart = {id(each) for part in (self.embedding, self.output) for each in part.parameters()}
        return matrix_operations(each for each in self.parameters() if id(each) not in apart)

    def inner_layers(self) -> Sequence[InnerLayer]:
        """The recurrent layers, the lowest first, whose states make up the network's. None: not described."""
        return ()

    def adjust_initial_weights(self) -> None:
        """Change initial weights of this architecture after the recipe has drawn all of them."""


def matrix_operations(parameters: Iterable[Tensor]) -> float:
    """Twice the numbers in matrices and filters; vectors (biases, gains) are left out."""
    return 2.0 * sum(each.numel() for each in parameters if each.dim() > 1)


def detach(state: State) -> State:
    """The same state, cut off from the graph that computed it (truncated back-propagation)."""
    return tuple(part.detach() for part in state)
