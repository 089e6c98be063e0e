"""In what arithmetic training computes."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from baselines.neural.training.settings import Training
from benchmark.errors import UserError


class Precision:
    """The recipe's `precision` on a device; evaluation and scores are left as they are."""

    def __init__(self, training: Training, device: torch.device):
        """Raises UserError where the device does not have it."""
        self._device = device
        _check_compiler(training, device)
        named = training.precision
        self._bfloat16 = named == "bfloat16"
        self._tf32 = device.type == "cuda" and named in ("auto", "tf32", "bfloat16")
        if named == "tf32" and device.type != "cuda":
            raise UserError(
                f"model.training.precision=tf32 is arithmetic of CUDA devices, not of {device.type}: "
                "take auto, float32 or bfloat16"
            )
        if self._bfloat16 and device.type == "cuda" and not torch.cuda.is_bf16_supported():
            raise UserError(
                "model.training.precision=bfloat16: this CUDA device has no bfloat16. Take auto or float32"
            )

    @property
    def dtype(self) -> str:
        """The number format of matrix products in training, as a record names it."""
        if self._bfloat16:
            return "bfloat16"
        return "tf32" if self._tf32 else "float32"

    @contextmanager
    def during_training(self) -> Iterator[None]:
        """Matrix products and cuDNN in TF32 (10 bits of mantissa) or not, until the block ends."""
        if self._device.type != "cuda":
            yield
            return
        matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
        before = matmul.allow_tf32, cudnn.allow_tf32
        matmul.allow_tf32 = cudnn.allow_tf32 = self._tf32
        try:
            yield
        finally:
            matmul.allow_tf32, cudnn.allow_tf32 = before

    def forward(self) -> torch.autocast:
        """Around the forward pass of a step: autocast to bfloat16 if the recipe says so."""
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16)


def _check_compiler(training: Training, device: torch.device) -> None:
    """Raise UserError where torch.compile would look for a C++ compiler in vain."""
    names = (os.environ.get("CXX", ""), "g++", "clang++")
    if training.compile and device.type == "cpu" and not any(shutil.which(name) for name in names if name):
        raise UserError(
            "model.training.compile=true needs a C++ compiler on the PATH (g++, clang++, or what CXX names): "
            "install one or set model.training.compile=false"
        )
