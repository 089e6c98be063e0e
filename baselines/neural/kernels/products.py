"""Matrix products over a whole segment of time: what recurrent layers compute outside the recurrence."""

import torch
from torch import Tensor

from baselines.neural.arithmetic import autocast_dtype


def product_dtype(x: Tensor) -> torch.dtype:
    """The type of a product's operands: bfloat16 under autocast to it, otherwise that of x."""
    return torch.bfloat16 if autocast_dtype(x.device) == torch.bfloat16 else x.dtype


def product(a: Tensor, b: Tensor, dtype: torch.dtype) -> Tensor:
    """a @ b of 2-D tensors, with operands rounded to `dtype` and the result in the type of a."""
    return torch.mm(a.to(dtype), b.to(dtype)).to(a.dtype)


def input_products(x: Tensor, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Tensor:
    """x Wᵀ + b for all steps at once: from x [time, rows, inputs] to [time, rows, gates]."""
    flat = x.flatten(0, 1)
    if dtype == x.dtype:
        return torch.addmm(bias, flat, weight.t()).unflatten(0, x.shape[:2])
    return product(flat, weight.t(), dtype).add_(bias).unflatten(0, x.shape[:2])


def recurrent_gradient(slopes: Tensor, h: Tensor, outputs: Tensor, dtype: torch.dtype) -> Tensor:
    """Σₜ slopesₜᵀ hₜ₋₁, [gates, units], from slopes [time, rows, gates], the initial h and all outputs."""
    gradient = product(slopes[0].t(), h, dtype)
    if len(slopes) > 1:
        gradient += product(slopes[1:].flatten(0, 1).t(), outputs[:-1].flatten(0, 1), dtype)
    return gradient
