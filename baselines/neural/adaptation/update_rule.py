"""How dynamic evaluation updates weights: along the gradient, and back towards the trained weights."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from baselines.neural.arithmetic import tf32
from baselines.neural.network import Network


class UpdateRule:
    """W ← W − η g / s + min(λ r, 1) (W⁰ − W), elementwise, with trained weights W⁰, rate η and decay λ.

    Without `scales`, s = r = 1: plain SGD, as in Mikolov et al. 2010, with a decay. With the root mean
    squares √MS of gradients on the training text as `scales` (Krause, Kahembwe, Murray & Renals 2018, eq. 4
    and 6), s = √MS + ε a and r = √MS / a, where a is the mean of √MS over all weights. In the paper ε is
    not relative to a; here one value suits networks and segments with gradients of any size.
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
        """Update the weights in place."""
        if self._decay and self._pulls is not None:
            torch._foreach_lerp_(weights, self._trained, self._pulls)
        elif self._decay:
            torch._foreach_lerp_(weights, self._trained, min(self._decay, 1.0))
        if self._steps is not None:
            torch._foreach_addcmul_(weights, gradients, self._steps, value=-1)
        else:
            torch._foreach_add_(weights, gradients, alpha=-self._rate)


@contextmanager
def restoring_weights(network: Network) -> Iterator[list[Tensor]]:
    """Let the block change the network's weights: yields a copy of them, which is restored at the end.

    The block computes without TF32: what it learns decides about scores.
    """
    trained = [parameter.detach().clone() for parameter in network.parameters()]
    network.eval()
    try:
        with tf32(False, trained[0].device):
            yield trained
    finally:
        with torch.no_grad():
            for parameter, weights in zip(network.parameters(), trained, strict=True):
                parameter.copy_(weights)
