"""Watching a training: losses, gradient norms, divergence and the best weights so far."""

import math
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from baselines.neural.network import Network
from benchmark.contract import Diverged

#: Beyond this many nats per token the perplexity exceeds the range of a double.
MOST_NATS = math.log(sys.float_info.max)
#: A mean loss has exploded if it is this many times that of a uniform guess, or that of the first step if
#: that is higher (an estimated loss has its own scale).
EXPLODED = 3.0


class Monitor:
    """Collects losses and gradient norms on the device, to be read together after some steps."""

    def __init__(self, interval: int, vocabulary: int, device: torch.device):
        self._figures = torch.zeros(interval, 2, device=device)
        self._weights: list[int] = []
        self._read = 0
        self._scale = math.log(max(vocabulary, 3))

    @property
    def pending(self) -> int:
        """The number of steps added since the last read."""
        return len(self._weights)

    def add(self, loss: Tensor, norm: Tensor, tokens: int) -> None:
        """Add a step's mean loss over its tokens and its gradient norm, without waiting for the device."""
        row = self._figures[self.pending]
        row[0].copy_(loss.detach())
        row[1].copy_(norm.detach())
        self._weights.append(tokens)

    def read(self) -> tuple[float, float]:
        """Mean loss per token (nats) and mean gradient norm since the last read.

        Raises Diverged, with the step and its gradient norm, if either is not finite or the loss exploded.
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
            raise Diverged(self._reason(figures, int(bad.nonzero()[0])))
        self._read += self.pending
        self._weights.clear()
        return loss, float(figures[:, 1].mean())

    def _reason(self, figures: Tensor, index: int) -> str:
        """What went wrong at that step since the last read, and the gradient that led there."""
        loss, norm = figures[index].tolist()
        before = f", after one of {figures[index - 1, 1]:g}" if index else ""
        return f"loss {loss:g}, gradient norm {norm:g}{before} at step {self._read + index + 1}"

    def numbers(self) -> dict[str, float]:
        """The argument that `restore` needs to continue from here."""
        return {"read": self._read, "scale": self._scale}

    def restore(self, numbers: Mapping[str, float]) -> None:
        """Continue from what `numbers` returned; pending steps are dropped."""
        self._read, self._scale = int(numbers["read"]), numbers["scale"]
        self._weights.clear()


class BestWeights:
    """The weights with the lowest validation loss, and how many validations ago they were seen."""

    def __init__(self, network: Network, patience: int | None):
        self._network = network
        self._patience = patience
        self._loss = math.inf
        self._weights: list[Tensor] = []
        self._worse = 0

    def offer(self, loss: float) -> bool:
        """Keep a copy of the present weights if their validation loss (nats per token) is a new best."""
        if loss >= self._loss:
            self._worse += 1
            return False
        self._loss, self._worse = loss, 0
        self._weights = [parameter.detach().clone() for parameter in self._network.parameters()]
        return True

    @property
    def out_of_patience(self) -> bool:
        """Whether too many consecutive validations brought no new best."""
        return self._patience is not None and self._worse >= self._patience

    @torch.no_grad()
    def put_back(self) -> None:
        """Give the network the best weights. Without a validation it keeps its last ones."""
        for parameter, weights in zip(self._network.parameters(), self._weights, strict=False):
            parameter.copy_(weights)

    def tensors(self) -> dict[str, Tensor]:
        """With `numbers`, the arguments that `restore` needs to continue from here."""
        return {str(index): weights for index, weights in enumerate(self._weights)}

    def numbers(self) -> dict[str, Any]:
        """See `tensors`."""
        return {"loss": None if math.isinf(self._loss) else self._loss, "worse": self._worse}

    def restore(self, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
        """Continue from what `tensors` and `numbers` returned."""
        device = next(self._network.parameters()).device
        self._weights = [tensors[str(index)].to(device, copy=True) for index in range(len(tensors))]
        self._loss = math.inf if numbers["loss"] is None else numbers["loss"]
        self._worse = numbers["worse"]
