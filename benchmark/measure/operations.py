"""Floating-point operations of a token, and how many of them the machine computes in a second at best."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from benchmark.contract import Computation, LanguageModel

if TYPE_CHECKING:
    import torch

#: Rows of the square matrices that are multiplied: doubled from the first number on until a product takes
#: ENOUGH seconds, but at most up to the last.
LEAST_ROWS, MOST_ROWS, ENOUGH = 512, 8192, 0.01
#: Products of that size whose time is taken.
READINGS = 10


def operations(model: LanguageModel) -> dict[str, Any]:
    """The fields of `Result` on a model's operations; none if it does not count them."""
    counted = model.operations()
    if counted is None:
        return {}
    return {
        "score_operations": counted.score,
        "train_operations": counted.train,
        "score_peak_operations": None if counted.score is None else peak_of(model.scored_on),
        "train_peak_operations": None if counted.train is None else peak_of(model.trained_on),
    }


def peak_of(computed: Computation) -> float | None:
    """The most operations a second on a device, in a number format; None for a format that is none of these.

    Where some layers compute in float16 and the others in bfloat16, it is that of bfloat16, which devices
    multiply equally fast.
    """
    dtype = "bfloat16" if computed.dtype == "bfloat16 + float16" else computed.dtype
    return _peak(computed.device, dtype) if dtype in ("float32", "float64", "tf32", "bfloat16") else None


@cache
def _peak(device: str, dtype: str) -> float:
    """2 n³ / t of the fastest of a few products of two matrices [n, n], measured once in this process.

    It takes about two tenths of a second on a core. Whatever else the machine does meanwhile makes it lower.
    """
    import torch

    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = dtype == "tf32"
    try:
        number = getattr(torch, "float32" if dtype == "tf32" else dtype)
        rows = LEAST_ROWS
        while (seconds := _fastest(_product(rows, device, number), device, 1)) < ENOUGH and rows < MOST_ROWS:
            rows *= 2
        seconds = min(seconds, _fastest(_product(rows, device, number), device, READINGS))
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed
    return 2 * rows**3 / seconds


def _product(rows: int, device: str, dtype: torch.dtype) -> Callable[[], object]:
    import torch

    generator = torch.Generator().manual_seed(0)
    left, right = (torch.rand(rows, rows, generator=generator).to(device, dtype) for _ in range(2))
    out = torch.empty_like(left)
    return lambda: torch.mm(left, right, out=out)


def _fastest(product: Callable[[], object], device: str, readings: int) -> float:
    """Seconds of the fastest of some products, after one to warm up."""
    import torch

    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    found = []
    for _ in range(readings + 1):
        wait()
        begun = time.perf_counter()
        product()
        wait()
        found.append(time.perf_counter() - begun)
    return min(found[1:])
