"""The feed-forward part of a block, and projections to another width."""

from typing import Literal, assert_never

from torch import Tensor, nn
from torch.nn import functional as F

Activation = Literal["relu", "gelu", "swiglu"]


class FeedForward(nn.Module):
    """W₂ f(W₁ x + b₁) + b₂ with `inner` units and f `relu` or `gelu` (Hendrycks & Gimpel 2016), or `swiglu`.

    SwiGLU (Shazeer 2020, eq. 6) is W₂ (swish(W₁ x) ⊙ V x), here with biases. It has two thirds of `inner`
    units, so that its three matrices hold as many numbers as the others' two.
    """

    def __init__(self, inputs: int, inner: int, outputs: int, activation: Activation):
        super().__init__()
        self.activation = activation
        units = max(1, round(inner * 2 / 3)) if activation == "swiglu" else inner
        self.up = nn.Linear(inputs, 2 * units if activation == "swiglu" else units)
        self.down = nn.Linear(units, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """From x [..., inputs] to [..., outputs]."""
        x = self.up(x)
        match self.activation:
            case "relu":
                return self.down(F.relu(x))
            case "gelu":
                return self.down(F.gelu(x))
            case "swiglu":
                gate, value = x.chunk(2, -1)
                return self.down(F.silu(gate) * value)
            case unknown:
                assert_never(unknown)


def projection(inputs: int, outputs: int) -> nn.Module:
    """A linear map without bias to another width; the identity if the widths are equal."""
    return nn.Identity() if inputs == outputs else nn.Linear(inputs, outputs, bias=False)
