"""The arithmetic that a peer trains and scores in: the one that is asked for, or torch's defaults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class Arithmetic:
    """What the task's `precision` means for a recurrent network of some kind on a device.

    `float32` forbids TF32 in matrix products and in cuDNN, and `tf32` allows it in both. The peers have no
    bfloat16 of their own, so `bfloat16` wraps their forward pass and loss in torch's autocast, with TF32 for
    what remains in float32. On CUDA, autocast computes recurrent layers in float16, whatever its type; where
    ours is to do that as well, the task says `float16`, which means the same here. None leaves torch's
    defaults, with which the peers were published.

    Scoring is in float32 without TF32, as ours is, but for the defaults, which apply to it as well.
    """

    def __init__(self, precision: str | None, device: torch.device, kind: str) -> None:
        self._precision, self._device, self._kind = precision, device, kind
        self._autocasts = precision in ("bfloat16", "float16")

    @contextmanager
    def training(self) -> Iterator[None]:
        """A context for the whole training."""
        with _tf32(None if self._precision is None else self._precision != "float32"):
            yield

    @contextmanager
    def scoring(self) -> Iterator[None]:
        """A context for the whole of scoring."""
        with _tf32(None if self._precision is None else False):
            yield

    def forward(self) -> torch.autocast:
        """A context for the forward pass and the loss of a training step."""
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._autocasts)

    @property
    def said_of_training(self) -> str:
        """In which arithmetic it trains: `float32`, `tf32`, `bfloat16 by autocast`."""
        with self.training():
            return self._autocast() if self._autocasts else self._float32()

    @property
    def said_of_scoring(self) -> str:
        """In which arithmetic it scores."""
        with self.scoring():
            return self._float32()

    def _float32(self) -> str:
        """What computing with float32 numbers means under torch's present flags."""
        if self._device.type != "cuda":
            return "float32"
        products = torch.backends.cuda.matmul.allow_tf32
        cudnn = torch.backends.cudnn.allow_tf32
        if products == cudnn:
            return "tf32" if products else "float32"
        return "tf32, float32 in cuDNN" if products else "float32, tf32 in cuDNN"

    def _autocast(self) -> str:
        """Autocast has its own mind about recurrent layers, so it is asked."""
        layer = _small_layer(self._kind).to(self._device)
        with self.forward():
            features, _ = layer(torch.zeros(1, 1, 8, device=self._device))
        recurrent = str(features.dtype).removeprefix("torch.")
        said = "bfloat16 by autocast"
        return said if recurrent == "bfloat16" else f"{said}, {recurrent} in recurrent layers"


def _small_layer(kind: str) -> Any:
    return {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[kind](8, 8)


@contextmanager
def _tf32(allowed: bool | None) -> Iterator[None]:
    """Allow or forbid TF32 until the block ends; None changes nothing."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    if allowed is not None:
        matmul.allow_tf32 = cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before
