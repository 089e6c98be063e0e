"""The fixed window with today's means: residual blocks, layer norm, global context (Sun & Iyyer 2021)."""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.architectures.window import WindowNetwork
from baselines.neural.layers.feed_forward import Activation, FeedForward
from baselines.neural.model import NeuralModel, check_tied
from baselines.neural.network import Network
from benchmark.contract import Vocabulary
from benchmark.errors import UserError

#: Places of time whose weighted sums are one matrix product.
TILE = 128


def weighted_sums(x: Tensor, weights: Tensor) -> Tensor:
    """y[t, :, k] = Σₘ weights[k, m] x[t + m], m < M, for weights [K, M].

    x [M − 1 + time, rows, d] to y [time, rows, K, d].

    Over a tile of time the sums are a product with a banded matrix, whatever m: nothing is gathered.
    """
    kernels, span = weights.shape
    time = len(x) - span + 1
    parts = []
    for first in range(0, time, TILE):
        tile = min(TILE, time - first)
        length = span + tile - 1
        # Rows of period length + 1, read with period length: each begins one place further to the right.
        padded = F.pad(weights, (0, tile)).repeat(1, tile)
        band = padded[:, : tile * length].reshape(kernels * tile, length)
        sums = band @ x[first : first + length].flatten(1)
        parts.append(sums.view(kernels, tile, *x.shape[1:]).permute(1, 2, 0, 3))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


class ModernWindowNetwork(WindowNetwork):
    """The network of `ModernWindow`."""

    def __init__(self, vocabulary: Vocabulary, options: "ModernWindow"):
        kernels = 0 if options.global_context == "none" else options.kernels
        self.distant = options.distant if kernels else 0
        super().__init__(
            vocabulary,
            options.embedding_size,
            options.hidden_size,
            memory=options.window + self.distant,
            tied=options.tied,
            output=options.output,
        )
        self.window = options.window
        width, inner = options.hidden_size, options.expansion * options.hidden_size
        same = options.embedding_size == width
        self.project = nn.Identity() if same else nn.Linear(options.embedding_size, width, bias=False)
        if options.global_context == "kernel":
            self.kernels = nn.Parameter(torch.empty(kernels, self.distant))
        elif options.global_context == "average":
            blocks = torch.arange(self.distant) * kernels // self.distant  # the block of each distant place
            members = F.one_hot(blocks, kernels).T.to(torch.get_default_dtype())
            self.register_buffer("kernels", members / members.sum(1, keepdim=True), persistent=False)
        self.blocks = nn.ModuleList(
            FeedForward(size, inner, width, options.activation)
            for size in ((self.window + kernels) * width, *[width] * (options.layers - 1))
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in self.blocks)
        self.dropout = nn.Dropout(options.dropout)

    def read(self, seen: Tensor) -> Tensor:
        near = seen[self.distant :].unfold(0, self.window, 1)
        slots = self.project(self.dropout(self.embed(near)))  # [time, rows, window, width]
        if self.distant:
            far = self.project(self.dropout(self.embed(seen[: len(near) + self.distant - 1])))
            slots = torch.cat([slots, weighted_sums(far, self.kernels)], 2)
        x, inward = slots.sum(2), slots.flatten(2)
        for block, norm in zip(self.blocks, self.norms, strict=True):
            x = inward = norm(x + self.dropout(block(inward)))
        return x

    @torch.no_grad()
    def initialise_own(self) -> None:
        """A learned kernel begins as the plain average, as in the paper."""
        if isinstance(getattr(self, "kernels", None), nn.Parameter):
            self.kernels.fill_(1 / self.distant)


@dataclass(kw_only=True, eq=False)
class ModernWindow(NeuralModel):
    """The neural probabilistic language model made modern by Sun & Iyyer (2021, section 2).

    The first of `layers` joins the embeddings of the last `window` words and `kernels` averages of the
    `distant` words before those: x₁ = LayerNorm(Σ slots + FF(slots)), each slot a vector of
    `hidden_size`; the others are x = LayerNorm(x + FF(x)). FF widens to `expansion` × `hidden_size`
    units. The averages (`global_context`) are `kernel`: each a learned weighted sum over all the distant
    words; `average`: the plain mean of one of `kernels` consecutive blocks of them; or `none`.

    The sum over the slots is the residual path of the paper's code; its Transformer parts are left out.
    The distant span ends somewhere, so memory is bounded and scores are exact however a stream is cut.
    Embeddings of another size than `hidden_size` are projected to it. `dropout` is applied to the embeddings
    and to the output of each FF. Before the first word of a stream stands `</s>`, as often as needed.
    """

    window: Annotated[int, Field(ge=1, le=1000)] = 5
    global_context: Literal["none", "average", "kernel"] = "kernel"
    distant: Annotated[int, Field(ge=1, le=4096)] = 60
    kernels: Annotated[int, Field(ge=1, le=64)] = 4
    layers: Annotated[int, Field(ge=1, le=64)] = 3
    embedding_size: Annotated[int, Field(ge=1)] = 200
    hidden_size: Annotated[int, Field(ge=1)] = 200
    expansion: Annotated[int, Field(ge=1)] = 4
    activation: Activation = "relu"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    tied: bool = True

    def __post_init__(self) -> None:
        check_tied(self.tied, self.embedding_size, self.hidden_size)
        if self.global_context == "average" and self.kernels > self.distant:
            raise UserError(
                f"model.kernels ({self.kernels}) blocks of model.distant ({self.distant}) words would leave "
                "some empty. Set model.kernels to at most model.distant"
            )

    def build(self, vocabulary: Vocabulary) -> Network:
        return ModernWindowNetwork(vocabulary, self)
