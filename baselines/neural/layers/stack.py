"""Recurrent layers on top of each other."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from torch import Tensor, nn

from baselines.neural.layers.cells import RecurrentLayer
from baselines.neural.layers.dropout import Dropout
from baselines.neural.layers.skip import Skip, SkipKind, skip_connection
from baselines.neural.network import State


class Reading(NamedTuple):
    """What a stack makes of a segment. Tensors are [time, rows, width]."""

    features: Tensor
    state: State
    raw: Tensor  # the last layer's output
    dropped: Tensor  # the same behind its dropout


class Stack(nn.Module):
    """Layer l reads x_l, and x_{l+1} = skip(x_l, dropout(norm(layer_l(x_l)))); the features are the last x.

    `layer` makes one layer for so many inputs and units; `widths` are the units of each. The outputs of
    lower layers go through the dropout `between`, those of the last through `last`. `layer_norm`:
    the outputs of each layer are normalised over its units, with gain and bias (Ba et al. 2016, eq. 4);
    what a layer carries on to its own next time step is not. The state: that of each layer, in order.
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
        # To a type checker, what they hold; iterating over a ModuleList tells it less.
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
            outputs, own = layer(x, tuple(next(carried) for _ in range(layer.states)))
            after += own
            raw = norm(outputs)
            dropped = dropout(raw)
            x = skip(x, dropped)
        return Reading(x, tuple(after), raw, dropped)

    def initialise_own(self) -> None:
        parts: tuple[RecurrentLayer | Skip, ...] = (*self.layers, *self.skips)
        for part in parts:
            part.initialise_own()
