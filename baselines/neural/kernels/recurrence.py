"""One recurrent layer over a segment of time: x [time, rows, inputs] to outputs [time, rows, units].

`weights` are input matrix, recurrent matrix, input bias, recurrent bias, laid out and named as torch's
cells (and cuDNN) have them; a layer's first state is [rows, units]. All are differentiable, once.

On the CPU `elman` is our own kernel, and `gru` where a gradient is wanted (without, torch's is as fast);
`lstm` is torch's: there oneDNN has a fused cell, and ours was slower by a quarter with 20 rows of 200
units. `tests/perf/neural_speed.py` compares them. On other devices all are torch's, on CUDA cuDNN's.

Under autocast to bfloat16 on the CPU, products over all steps at once are in bfloat16 and, in the first
two, the recurrence in float32: its products with few rows gain nothing. States keep their type.
"""

from typing import Literal

import torch
from torch import Tensor

from baselines.neural.kernels.elman import Elman
from baselines.neural.kernels.gru import Gru
from baselines.neural.kernels.products import product_dtype

Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def elman(
    x: Tensor, h: Tensor, weights: Weights, nonlinearity: Literal["tanh", "relu"]
) -> tuple[Tensor, Tensor]:
    """hₜ = f(W xₜ + b + U hₜ₋₁ + b'): outputs and the last h."""
    if x.device.type == "cpu":
        dtype = product_dtype(x)
        with torch.autocast("cpu", enabled=False):
            outputs = Elman.apply(x.to(h.dtype), h, *weights, nonlinearity == "relu", dtype)
        return outputs, outputs[-1]
    run = torch.rnn_tanh if nonlinearity == "tanh" else torch.rnn_relu
    outputs, last = run(x, h[None], weights, True, 1, 0.0, False, False, False)
    return outputs, last[0]


def gru(x: Tensor, h: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """r, z = σ(W x + b + U h + b'), each its own; n = tanh(W x + b + r ⊙ (U h + b')); h = z ⊙ (h − n) + n.

    The reset gate acts behind the product, as in cuDNN (Cho et al. 2014, version 3). Rows: r, z, n.
    """
    if x.device.type == "cpu" and torch.is_grad_enabled():
        dtype = product_dtype(x)
        with torch.autocast("cpu", enabled=False):
            outputs, _, _ = Gru.apply(x.to(h.dtype), h, *weights, dtype)
        return outputs, outputs[-1]
    outputs, last = torch.gru(x, h[None], weights, True, 1, 0.0, False, False, False)
    return outputs, last[0]


def lstm(x: Tensor, h: Tensor, c: Tensor, weights: Weights) -> tuple[Tensor, Tensor, Tensor]:
    """i, f, o = σ(W x + b + U h + b'), g = tanh(…), each its own; c = f ⊙ c + i ⊙ g; h = o ⊙ tanh(c).

    Rows: i, f, g, o. Outputs, the last h, the last c.
    """
    outputs, last, cell = torch.lstm(x, (h[None], c[None]), weights, True, 1, 0.0, False, False, False)
    return outputs, last[0].to(h.dtype), cell[0].to(c.dtype)
