"""Watching a training: losses and gradient norms, divergence, the best weights so far."""

import math
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from baselines.neural.network import Network
from benchmark.contract import Diverged

#: Beyond this many nats a token the perplexity is no longer a double.
MOST_NATS = math.log(sys.float_info.max)
#: A mean loss has exploded beyond so many times that of a uniform guess, or of the first step if that is
#: more (an estimated loss has a scale of its own).
EXPLODED = 3.0


class Monitor:
    """Collects losses and gradient norms on the device, to be read some steps later in one go."""

    def __init__(self, interval: int, vocabulary: int, device: torch.device):
        self._figures = torch.zeros(interval, 2, device=device)
        self._weights: list[int] = []
        self._read = 0
        self._scale = math.log(max(vocabulary, 3))

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

        Raises Diverged, with the step and its gradient norm, where either left the finite numbers or the
        loss exploded.
        """
        figures = self._figures[: self.pending].double().cpu()
        weights = torch.tensor(self._weights, dtype=torch.float64)
        if self._read == 0 and math.isfinite(figures[0, 0]):
            self._scale = max(self._scale, float(figures[0, 0]))
        loss = float((figures[:, 0] * weights).sum() / weights.sum())
        bad = ~figures.isfinite().all(1)
        if loss > EXPLODED * self._scale:
            bad |= figures[:, 0] > EXPLODED * self._scale
        if bad.any():
            raise Diverged(self._said(figures, int(bad.nonzero()[0])))
        self._read += self.pending
        self._weights.clear()
        return loss, float(figures[:, 1].mean())

    def _said(self, figures: Tensor, place: int) -> str:
        """What went wrong at that place since the last read, and the gradient that led there."""
        loss, norm = figures[place].tolist()
        before = f", after one of {figures[place - 1, 1]:g}" if place else ""
        return f"loss {loss:g}, gradient norm {norm:g}{before} at step {self._read + place + 1}"

    def numbers(self) -> dict[str, float]:
        """What `restore` takes to go on from here."""
        return {"read": self._read, "scale": self._scale}

    def restore(self, numbers: Mapping[str, float]) -> None:
        """Go on from where `numbers` were taken; what is pending is forgotten."""
        self._read, self._scale = int(numbers["read"]), numbers["scale"]
        self._weights.clear()


class Best:
    """The weights with the lowest validation loss, and how long ago they were seen."""

    def __init__(self, network: Network, patience: int | None):
        self._network = network
        self._patience = patience
        self._loss = math.inf
        self._weights: list[Tensor] = []
        self._worse = 0

    def offer(self, loss: float) -> bool:
        """The present weights have this validation loss (nats a token): keep a copy if it is the lowest."""
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
    def put_back(self) -> None:
        """Give the network the best weights (the last ones stay where nothing was validated)."""
        for parameter, weights in zip(self._network.parameters(), self._weights, strict=False):
            parameter.copy_(weights)

    def tensors(self) -> dict[str, Tensor]:
        """With `numbers`, what `restore` takes to go on from here."""
        return {str(index): weights for index, weights in enumerate(self._weights)}

    def numbers(self) -> dict[str, Any]:
        """See `tensors`."""
        return {"loss": None if math.isinf(self._loss) else self._loss, "worse": self._worse}

    def restore(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Go on from where these were taken."""
        device = next(self._network.parameters()).device
        self._weights = [tensors[str(index)].to(device, copy=True) for index in range(len(tensors))]
        self._loss = math.inf if numbers["loss"] is None else numbers["loss"]
        self._worse = numbers["worse"]
