"""A fixed window with residual blocks, layer normalisation and global context (Sun & Iyyer 2021)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, assert_never, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.architectures.window import WindowNetwork
from baselines.neural.layers.feed_forward import Activation, FeedForward, projection
from baselines.neural.model import NeuralModel, check_tied
from baselines.neural.network import Network, matrix_operations
from benchmark.contract import Vocabulary
from benchmark.errors import UserError

#: Time steps whose weighted sums are computed by one matrix product.
TILE = 128


def weighted_sums(x: Tensor, weights: Tensor) -> Tensor:
    """y[t, :, k] = Σₘ weights[k, m] x[t + m], m < M, from x [M − 1 + time, rows, d] and weights [K, M].

    Returns y [time, rows, K, d]. Over a tile of time the sums are one product with a banded matrix, so no
    copies of x are gathered.
    """
    kernels, span = weights.shape
    time = len(x) - span + 1
    parts = []
    for first in range(0, time, TILE):
        tile = min(TILE, time - first)
        length = span + tile - 1
        # Rows that repeat every length + 1 numbers, read in rows of length: each is shifted right by one.
        padded = F.pad(weights, (0, tile)).repeat(1, tile)
        band = padded[:, : tile * length].reshape(kernels * tile, length)
        sums = band @ x[first : first + length].flatten(1)
        parts.append(sums.view(kernels, tile, *x.shape[1:]).permute(1, 2, 0, 3))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


class ModernWindowNetwork(WindowNetwork):
    """The network of `ModernWindow`."""

    def __init__(self, vocabulary: Vocabulary, options: "ModernWindow"):
        distant = 0 if options.global_context == "none" else options.distant
        super().__init__(
            vocabulary,
            options.embedding_size,
            options.hidden_size,
            memory=options.window + distant,
            tied=options.tied,
            output=options.output,
        )
        self.window, self.distant = options.window, distant
        self.width = width = options.hidden_size
        inner = options.expansion * options.hidden_size
        self.project = projection(options.embedding_size, width)
        kernels = options.kernels
        match options.global_context:
            case "none":
                kernels = 0
            case "average":
                blocks = torch.arange(distant) * kernels // distant  # the block of each distant word
                members = F.one_hot(blocks, kernels).T.to(torch.get_default_dtype())
                self.register_buffer("kernels", members / members.sum(1, keepdim=True), persistent=False)
            case "kernel":
                self.kernels = nn.Parameter(torch.empty(kernels, distant))
            case unknown:
                assert_never(unknown)
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

    def operations(self) -> float:
        """The projection is used for each word of the window and for one distant word; a kernel of M weights
        takes 2 M · width."""
        projected = self.window + (1 if self.distant else 0)
        weights = cast(Tensor, self.kernels).numel() if self.distant else 0
        return (
            projected * matrix_operations(self.project.parameters())
            + 2.0 * weights * self.width
            + matrix_operations(self.blocks.parameters())
        )

    @torch.no_grad()
    def adjust_initial_weights(self) -> None:
        """A learned kernel starts as the plain average, as in the paper."""
        if isinstance(getattr(self, "kernels", None), nn.Parameter):
            self.kernels.fill_(1 / self.distant)


@dataclass(kw_only=True, eq=False)
class ModernWindow(NeuralModel):
    """The modernised neural probabilistic language model of Sun & Iyyer (2021, section 2).

    The first of `layers` reads the embeddings of the last `window` words and `kernels` averages of the
    `distant` words before those: x₁ = LayerNorm(Σ slots + FF(slots)), where each slot is a vector of
    `hidden_size`. The other layers compute x = LayerNorm(x + FF(x)). FF has `expansion` × `hidden_size`
    inner units. By `global_context` an average is a learned weighted sum of all distant words (`kernel`),
    the plain mean of one of `kernels` consecutive blocks of them (`average`), or there is none (`none`).

    The sum over the slots is the residual path of the paper's code; its Transformer parts are left out.
    The number of distant words is finite, so memory is bounded and scores are exact however a stream is
    cut. Embeddings of another size than `hidden_size` are projected to it. `dropout` is applied to the
    embeddings and to the output of each FF. The window of the first words of a stream is filled up with
    `</s>`.
    """

    version: ClassVar[int] = 1

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
