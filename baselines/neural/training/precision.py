"""The arithmetic that training computes in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal, assert_never

import torch

from baselines.neural.arithmetic import tf32
from baselines.neural.kernels.device import float16_recurrence
from baselines.neural.training.recipe import Training
from benchmark.errors import UserError

#: The format that operands of matrix products are rounded to. Weights and their updates are float32. The last
#: one is float16 in recurrent layers, bfloat16 elsewhere.
Dtype = Literal["float32", "tf32", "bfloat16", "bfloat16 + float16"]


def training_dtype(training: Training, device: torch.device) -> Dtype:
    """What the recipe's `precision` means on a device. Raises UserError if the device does not have it.

    On a CPU without bfloat16 instructions torch computes bfloat16 products in software: slowly, but with
    the same rounding.
    """
    cuda = device.type == "cuda"
    match training.precision:
        case "auto":
            return "tf32" if cuda else "float32"
        case "float32":
            return "float32"
        case "tf32" | "float16" if not cuda:
            raise UserError(
                f"model.training.precision={training.precision} is arithmetic of CUDA devices, not of "
                f"{device.type}: choose auto, float32 or bfloat16"
            )
        case "tf32":
            return "tf32"
        case "bfloat16" | "float16":
            if cuda and not torch.cuda.is_bf16_supported():
                raise UserError(
                    f"model.training.precision={training.precision}: this CUDA device has no bfloat16. "
                    "Choose auto or float32"
                )
            return "bfloat16" if training.precision == "bfloat16" else "bfloat16 + float16"
        case unknown:
            assert_never(unknown)


class Precision:
    """The recipe's `precision` on a device. It applies to training alone; scoring is in float32."""

    def __init__(self, training: Training, device: torch.device):
        """Raises UserError if the device lacks what the recipe asks for."""
        self._device = device
        _check_compiler(training, device)
        self.dtype = training_dtype(training, device)

    def during_training(self) -> AbstractContextManager[None]:
        """A context for the whole training, in which TF32 is allowed or not."""
        # Under autocast to bfloat16, TF32 serves the products that stay in float32.
        return tf32(self.dtype != "float32", self._device)

    @contextmanager
    def forward(self) -> Iterator[None]:
        """A context for the forward pass of a step: autocast to bfloat16 if the recipe asks for it."""
        if self.dtype in ("float32", "tf32"):
            yield
            return
        recurrence = float16_recurrence() if self.dtype == "bfloat16 + float16" else nullcontext()
        with torch.autocast(self._device.type, torch.bfloat16), recurrence:
            yield


def _check_compiler(training: Training, device: torch.device) -> None:
    """Raise UserError if torch.compile would look for a C++ compiler in vain."""
    names = (os.environ.get("CXX", ""), "g++", "clang++")
    if training.compile and device.type == "cpu" and not any(shutil.which(name) for name in names if name):
        raise UserError(
            "model.training.compile=true needs a C++ compiler on the PATH (g++, clang++ or the one that CXX "
            "names): install one or set model.training.compile=false"
        )
