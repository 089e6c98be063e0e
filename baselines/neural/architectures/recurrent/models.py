"""The recurrent baselines, by the kind of their layers."""

from dataclasses import dataclass
from typing import Literal

from baselines.neural.architectures.recurrent.network import RecurrentNetwork
from baselines.neural.architectures.recurrent.settings import RecurrentSettings
from baselines.neural.layers.cells import ElmanLayer, GruLayer, LstmLayer, RecurrentLayer
from baselines.neural.network import Network
from benchmark.contract import Vocabulary


@dataclass(kw_only=True, eq=False)
class Recurrent(RecurrentSettings):
    """A recurrent language model; subclasses say what a `layer` is."""

    def build(self, vocabulary: Vocabulary) -> Network:
        return RecurrentNetwork(vocabulary, self)


@dataclass(kw_only=True, eq=False)
class Rnn(Recurrent):
    """Elman's network (1990; as a language model, Mikolov et al. 2010): hₜ = f(W xₜ + U hₜ₋₁ + b).

    f is the `nonlinearity`. With `identity`, every U starts as the identity matrix, which with `relu`
    keeps what was read over many steps (Le, Jaitly & Hinton 2015).
    """

    nonlinearity: Literal["tanh", "relu"] = "tanh"
    identity: bool = False

    def layer(self, inputs: int, units: int) -> RecurrentLayer:
        return ElmanLayer(inputs, units, self.nonlinearity, self.identity, self.weight_drop)


@dataclass(kw_only=True, eq=False)
class Gru(Recurrent):
    """Gated recurrent units (Cho et al. 2014), the reset gate behind the product as in cuDNN.

    r, z = σ(W x + U h + b), each its own; n = tanh(W x + b + r ⊙ (U h + b')); h = (1 − z) ⊙ n + z ⊙ h.
    """

    def layer(self, inputs: int, units: int) -> RecurrentLayer:
        return GruLayer(inputs, units, self.weight_drop)


@dataclass(kw_only=True, eq=False)
class Lstm(Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    i, f, o = σ(W x + U h + b), each its own; c = f ⊙ c + i ⊙ tanh(W x + U h + b); h = o ⊙ tanh(c).
    `forget_bias`: where the bias of f starts, 1 for a long memory from the first step (Jozefowicz et al.
    2015); null: at zero, as other biases.
    """

    forget_bias: float | None = None

    def layer(self, inputs: int, units: int) -> RecurrentLayer:
        return LstmLayer(inputs, units, self.forget_bias, self.weight_drop)
