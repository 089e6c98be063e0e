"""What arithmetic tensors are computed in: TF32 on CUDA devices, and autocast.

Training computes in what its recipe's `precision` says (`training.precision`), and the record states it.
Scoring, adaptation included, is always in the type of the weights, float32, without TF32 (10 bits of
mantissa). The device is not part of a run's identity: two runs that differ only in it, one trained in TF32
on CUDA and one in float32 on the CPU, are the same run, although their numbers differ slightly. Records and
the report show the arithmetic of both.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch


@contextmanager
def tf32(allowed: bool, device: torch.device) -> Iterator[None]:
    """Allow TF32 in matrix products and cuDNN, or forbid it, until the block ends.

    Without it torch forbids TF32 in matrix products but lets cuDNN's recurrent layers use it. On devices
    other than CUDA this has no effect.
    """
    if device.type != "cuda":
        yield
        return
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


def autocast_dtype(device: torch.device) -> torch.dtype | None:
    """The type that autocast now rounds the operands of products to on a device; None if it is off."""
    kind = device.type
    on = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return torch.get_autocast_dtype(kind) if on else None


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """A context in which autocast is off on a device."""
    return nullcontext() if autocast_dtype(device) is None else torch.autocast(device.type, enabled=False)
