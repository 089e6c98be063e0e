"""How weights follow a gradient while a network reads on, and fall back to what training gave."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from baselines.neural.network import Network


class Rule:
    """W ← W − η g / s + min(λ r, 1) (W⁰ − W), elementwise; W⁰ are the trained weights.

    Without `scales`, s = r = 1: plain SGD, as in Mikolov et al. 2010, with a decay. With the root mean
    squares √MS of gradients on the training text as `scales` (Krause, Kahembwe, Murray & Renals 2018, eq. 4
    and 6): s = √MS + ε a and r = √MS / a, where a is the mean of √MS over all weights. Their ε is not
    relative to a; so it fits networks and segments whose gradients are larger or smaller.
    """

    def __init__(
        self,
        trained: Sequence[Tensor],
        scales: Sequence[Tensor] | None,
        rate: float,
        decay: float,
        epsilon: float,
    ):
        self._trained, self._rate, self._decay = list(trained), rate, decay
        self._steps: list[Tensor] | None = None
        self._pulls: list[Tensor] | None = None
        if scales is not None:
            mean = sum(scale.sum() for scale in scales) / sum(scale.numel() for scale in scales)
            self._steps = [rate / (scale + epsilon * mean) for scale in scales]
            self._pulls = [(decay / mean * scale).clamp_(max=1) for scale in scales]

    @torch.no_grad()
    def step(self, weights: list[Tensor], gradients: list[Tensor]) -> None:
        """Move the weights by the gradients."""
        if self._decay and self._pulls is not None:
            torch._foreach_lerp_(weights, self._trained, self._pulls)
        elif self._decay:
            torch._foreach_lerp_(weights, self._trained, min(self._decay, 1.0))
        if self._steps is not None:
            torch._foreach_addcmul_(weights, gradients, self._steps, value=-1)
        else:
            torch._foreach_add_(weights, gradients, alpha=-self._rate)


@contextmanager
def borrowed(network: Network) -> Iterator[list[Tensor]]:
    """Weights that may be changed inside the block: a copy of them, which is put back after it."""
    trained = [parameter.detach().clone() for parameter in network.parameters()]
    network.eval()
    try:
        # cuDNN's recurrent kernels give no gradient in evaluation mode; torch's own do.
        with torch.backends.cudnn.flags(enabled=False):
            yield trained
    finally:
        with torch.no_grad():
            for parameter, weights in zip(network.parameters(), trained, strict=True):
                parameter.copy_(weights)
