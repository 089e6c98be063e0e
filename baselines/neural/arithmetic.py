"""Whether float32 matrix products on CUDA devices may be computed in TF32 (10 bits of mantissa)."""

from collections.abc import Iterator
from contextlib import contextmanager

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
