"""Watching a training: losses and gradient norms, divergence, the best weights so far."""

import math
import sys

import torch
from torch import Tensor

from baselines.neural.network import Network
from benchmark.contract import Diverged

#: Beyond this many nats a token the perplexity is no longer a double.
MOST_NATS = math.log(sys.float_info.max)


class Monitor:
    """Collects losses and gradient norms on the device, to be read some steps later in one go."""

    def __init__(self, interval: int, device: torch.device):
        self._figures = torch.zeros(interval, 2, device=device)
        self._weights: list[int] = []
        self._read = 0

    @property
    def pending(self) -> int:
        """Steps added since the last read."""
        return len(self._weights)

    def add(self, loss: Tensor, norm: Tensor, tokens: int) -> None:
        """Note the mean loss over the tokens of a step and the gradient norm before clipping. No wait."""
        row = self._figures[self.pending]
        row[0].copy_(loss.detach())
        row[1].copy_(norm.detach())
        self._weights.append(tokens)

    def read(self) -> tuple[float, float]:
        """Mean loss a token and mean gradient norm since the last read.

        Raises Diverged, with the step and its gradient norm, where either left the finite numbers.
        """
        figures = self._figures[: self.pending].double().cpu()
        weights = torch.tensor(self._weights, dtype=torch.float64)
        bad = (~figures.isfinite()).any(1).nonzero()
        if len(bad):
            loss, norm = figures[bad[0, 0]].tolist()
            step = self._read + int(bad[0, 0]) + 1
            raise Diverged(
                f"loss {loss:g}, gradient norm {norm:g} at step {step}: training left the finite "
                "numbers. A lower model.training.learning_rate or a tighter model.training.clip helps"
            )
        self._read += self.pending
        self._weights.clear()
        return float((figures[:, 0] * weights).sum() / weights.sum()), float(figures[:, 1].mean())


class Best:
    """The weights with the lowest validation loss, and how long ago they were seen."""

    def __init__(self, network: Network, patience: int | None):
        self._network = network
        self._patience = patience
        self._loss = math.inf
        self._weights: list[Tensor] = []
        self._worse = 0

    def offer(self, loss: float, done: int) -> bool:
        """The present weights have this validation loss (nats a token): keep a copy if it is the lowest.

        Raises Diverged where its perplexity, exp(loss), is no finite number.
        """
        if not loss < MOST_NATS:
            raise Diverged(
                f"validation loss {loss:g} nats a token after {done:,} training tokens: no finite "
                "perplexity. A lower model.training.learning_rate or a tighter model.training.clip helps"
            )
        if loss >= self._loss:
            self._worse += 1
            return False
        self._loss, self._worse = loss, 0
        self._weights = [parameter.detach().clone() for parameter in self._network.parameters()]
        return True

    @property
    def out_of_patience(self) -> bool:
        """Have too many validations in a row brought nothing?"""
        return self._patience is not None and self._worse >= self._patience

    @torch.no_grad()
    def restore(self) -> None:
        """Put the best weights back (the last ones stay where nothing was validated)."""
        for parameter, weights in zip(self._network.parameters(), self._weights, strict=False):
            parameter.copy_(weights)
