"""Recurrent language models: Elman networks, GRUs and LSTMs."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from baselines.neural.layers.cells import ElmanLayer, GruLayer, LstmLayer, Nonlinearity, RecurrentLayer
from baselines.neural.layers.dropout import Dropout, WordDropout
from baselines.neural.layers.feed_forward import projection
from baselines.neural.layers.skip import SkipKind
from baselines.neural.layers.stack import Reading, Stack
from baselines.neural.model import NeuralModel
from baselines.neural.network import InnerLayer, Network, State
from benchmark.contract import Vocabulary
from benchmark.errors import UserError

Share = Annotated[float, Field(ge=0, lt=1)]


class RecurrentNetwork(Network):
    """The network of `Recurrent`: embeddings, recurrent layers, output. The state is that of the layers."""

    def __init__(self, vocabulary: Vocabulary, options: "Recurrent"):
        def dropout(share: float | None) -> Dropout:
            return Dropout(options.dropout if share is None else share, options.variational)

        stack = Stack(
            options.embedding_size,
            options.widths,
            options.layer,
            skip=options.skip,
            layer_norm=options.layer_norm,
            between=dropout(options.between_dropout),
            last=dropout(options.output_dropout),
        )
        features = options.embedding_size if options.tied else stack.features
        super().__init__(
            vocabulary, options.embedding_size, features, tied=options.tied, output=options.output
        )
        self.word_dropout = WordDropout(options.embedding_dropout)
        self.input_dropout = dropout(options.input_dropout)
        self.stack = stack
        self.projection = projection(stack.features, features)
        self._activation = options.activation_regularisation
        self._temporal = options.temporal_activation_regularisation

    def initial_state(self, rows: int) -> State:
        return self.stack.initial_state(rows)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        reading = self._read(tokens, state)
        return reading.features, reading.state

    def forward_with_penalty(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor | None]:
        reading = self._read(tokens, state)
        return reading.features, reading.state, self._penalty(reading.raw, reading.dropped)

    def inner_layers(self) -> Sequence[InnerLayer]:
        return [InnerLayer(each, each.state_names, each.weight_hh) for each in self.stack.layers]

    def adjust_initial_weights(self) -> None:
        self.stack.adjust_initial_weights()

    def _read(self, tokens: Tensor, state: State) -> Reading:
        x = self.word_dropout(self.embed(tokens), tokens, self.embedding.num_embeddings)
        reading: Reading = self.stack(self.input_dropout(x), state)
        return reading._replace(features=self.projection(reading.features))

    def _penalty(self, raw: Tensor, dropped: Tensor) -> Tensor | None:
        """α mean(d²) + β mean((hₜ₊₁ − hₜ)²) of outputs h, and d after dropout, [time, rows, units]."""
        penalty = None
        if self._activation:
            penalty = self._activation * dropped.square().mean()
        if self._temporal and len(raw) > 1:  # a single step has no difference
            slowness = self._temporal * raw.diff(dim=0).square().mean()
            penalty = slowness if penalty is None else penalty + slowness
        return penalty


@dataclass(kw_only=True, eq=False)
class Recurrent(NeuralModel):
    """`layers` of `hidden_size` units on embeddings of `embedding_size`. Subclasses say what a `layer` is.

    With `tied`, the output matrix is the embedding matrix, so `embedding_size` features must reach it. If
    the sizes differ, the last of several layers has `embedding_size` units (as in Merity et al. 2018); the
    output of a single layer, or of layers with skip connections, is projected to that width (Melis et al.
    2018).

    `skip` is the connection around each layer. `residual`: x + y (He et al. 2016); `highway`: a gate between
    x and y (Srivastava et al. 2015); both apply only to layers whose inputs and outputs have the same width.
    `dense`: each layer, and the output, read the embeddings and the outputs of all lower layers (Huang et
    al. 2017). `layer_norm` normalises each layer's outputs over its units (Ba et al. 2016).

    Dropout, in training only:
    - `dropout`: of the embeddings, of outputs between layers and of the last layer's outputs, but never of
      recurrent connections (Zaremba et al. 2014). `input_dropout`, `between_dropout` and `output_dropout`
      override it in these three places (null: as `dropout`);
    - `variational`: these three keep their mask over a segment's time steps (Gal & Ghahramani 2016);
    - `weight_drop`: of single connections in the recurrent matrices, one mask per segment (DropConnect,
      Merity et al. 2018);
    - `embedding_dropout`: of whole words, one mask per segment (Gal & Ghahramani 2016).

    Penalties are added to the training loss in nats per token (Merity et al. 2018, section 4.6, after
    Merity et al. 2017). `activation_regularisation` α and `temporal_activation_regularisation` β give
    α mean(d²) + β mean((hₜ₊₁ − hₜ)²), where h is the last layer's output and d the same after dropout.
    """

    layers: Annotated[int, Field(ge=1, le=8)] = 2
    embedding_size: Annotated[int, Field(ge=1)] = 200
    hidden_size: Annotated[int, Field(ge=1)] = 200
    tied: bool = True
    skip: SkipKind = "none"
    layer_norm: bool = False
    dropout: Share = 0.0
    input_dropout: Share | None = None
    between_dropout: Share | None = None
    output_dropout: Share | None = None
    variational: bool = False
    weight_drop: Share = 0.0
    embedding_dropout: Share = 0.0
    activation_regularisation: Annotated[float, Field(ge=0)] = 0.0
    temporal_activation_regularisation: Annotated[float, Field(ge=0)] = 0.0

    def __post_init__(self) -> None:
        single = self.layers == 1 and self.embedding_size != self.hidden_size
        if single and self.skip in ("residual", "highway"):
            raise UserError(
                f"model.skip={self.skip} needs a layer whose inputs are as wide as its outputs: the only one "
                f"reads model.embedding_size ({self.embedding_size}) and has model.hidden_size "
                f"({self.hidden_size}) units. Make them equal, add layers or set model.skip=none"
            )

    @abstractmethod
    def layer(self, inputs: int, units: int) -> RecurrentLayer:
        """A layer of the model's kind with this many inputs and units."""

    @property
    def widths(self) -> list[int]:
        """The units of each layer."""
        narrowed = self.tied and self.layers > 1 and self.skip == "none"
        last = self.embedding_size if narrowed else self.hidden_size
        return [self.hidden_size] * (self.layers - 1) + [last]

    def build(self, vocabulary: Vocabulary) -> Network:
        return RecurrentNetwork(vocabulary, self)


@dataclass(kw_only=True, eq=False)
class Rnn(Recurrent):
    """Elman's network (1990; as a language model, Mikolov et al. 2010): hₜ = f(W xₜ + U hₜ₋₁ + b).

    f is the `nonlinearity`; `linear` is f(x) = x, for study. With `identity`, every U starts as the identity
    matrix, which with `relu` preserves the state over many steps (Le, Jaitly & Hinton 2015).
    """

    version: ClassVar[int] = 1

    nonlinearity: Nonlinearity = "tanh"
    identity: bool = False

    def layer(self, inputs: int, units: int) -> RecurrentLayer:
        return ElmanLayer(inputs, units, self.nonlinearity, self.identity, self.weight_drop)


@dataclass(kw_only=True, eq=False)
class Gru(Recurrent):
    """Gated recurrent units (Cho et al. 2014) with the reset gate after the product, as in cuDNN.

    r, z = σ(W x + U h + b), each with its own weights; n = tanh(W x + b + r ⊙ (U h + b'));
    h = (1 − z) ⊙ n + z ⊙ h.
    """

    version: ClassVar[int] = 1

    def layer(self, inputs: int, units: int) -> RecurrentLayer:
        return GruLayer(inputs, units, self.weight_drop)


@dataclass(kw_only=True, eq=False)
class Lstm(Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    i, f, o = σ(W x + U h + b), each with its own weights; c = f ⊙ c + i ⊙ tanh(W x + U h + b);
    h = o ⊙ tanh(c). `forget_bias` is the initial bias of f: 1 for a long memory from the first step on
    (Jozefowicz et al. 2015); null: zero, like other biases.
    """

    version: ClassVar[int] = 1

    forget_bias: float | None = None

    def layer(self, inputs: int, units: int) -> RecurrentLayer:
        return LstmLayer(inputs, units, self.forget_bias, self.weight_drop)
