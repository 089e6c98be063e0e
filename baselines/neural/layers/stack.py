"""A stack of recurrent layers with skip connections, normalisation and dropout."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from torch import Tensor, nn

from baselines.neural.layers.cells import RecurrentLayer
from baselines.neural.layers.dropout import Dropout
from baselines.neural.layers.skip import Skip, SkipKind, skip_connection
from baselines.neural.network import State


class Reading(NamedTuple):
    """What a stack computes from a segment. All but the state are [time, rows, width]."""

    features: Tensor
    state: State
    raw: Tensor  # the last layer's output
    dropped: Tensor  # the same after its dropout


class Stack(nn.Module):
    """Layer l reads x_l, and x_{l+1} = skip(x_l, dropout(norm(layer_l(x_l)))); the features are the last x.

    `layer` makes a layer for a number of inputs and units; `widths` are the units of each layer. The outputs
    of lower layers go through the dropout `between`, those of the last layer through `last`. With
    `layer_norm` the outputs of each layer are normalised over its units, with gain and bias (Ba et al. 2016,
    eq. 4), but not the state that a layer carries to its next time step. The state is that of each layer,
    from the lowest up.
    """

    def __init__(
        self,
        inputs: int,
        widths: Sequence[int],
        layer: Callable[[int, int], RecurrentLayer],
        *,
        skip: SkipKind,
        layer_norm: bool,
        between: Dropout,
        last: Dropout,
    ):
        super().__init__()
        layers: list[RecurrentLayer] = []
        skips: list[Skip] = []
        self.features = inputs
        for units in widths:
            layers.append(layer(self.features, units))
            skips.append(skip_connection(skip, self.features, units))
            self.features = skips[-1].width
        # The casts tell a type checker what the lists hold.
        self.layers = cast(Sequence[RecurrentLayer], nn.ModuleList(layers))
        self.skips = cast(Sequence[Skip], nn.ModuleList(skips))
        self.norms = nn.ModuleList(nn.LayerNorm(units) if layer_norm else nn.Identity() for units in widths)
        self.dropouts = nn.ModuleList([between] * (len(widths) - 1) + [last])

    def initial_state(self, rows: int) -> State:
        return tuple(part for layer in self.layers for part in layer.initial_state(rows))

    def forward(self, x: Tensor, state: State) -> Reading:
        carried = iter(state)
        after: list[Tensor] = []
        raw = dropped = x
        for layer, norm, dropout, skip in zip(
            self.layers, self.norms, self.dropouts, self.skips, strict=True
        ):
            outputs, own = layer(x, tuple(next(carried) for _ in layer.state_names))
            after += own
            raw = norm(outputs)
            dropped = dropout(raw)
            x = skip(x, dropped)
        return Reading(x, tuple(after), raw, dropped)

    def adjust_initial_weights(self) -> None:
        parts: tuple[RecurrentLayer | Skip, ...] = (*self.layers, *self.skips)
        for part in parts:
            part.adjust_initial_weights()
