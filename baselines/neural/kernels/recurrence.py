"""One recurrent layer over a segment of time: from x [time, rows, inputs] to outputs [time, rows, units].

`weights` are the input matrix, recurrent matrix, input bias and recurrent bias, in the layout of torch's
cells (and cuDNN). A layer's initial state is [rows, units]. Everything is differentiable once.

On the CPU `elman` is our own kernel, and so is `gru` if a gradient is needed (otherwise torch's is as
fast). `lstm` is torch's, which has oneDNN's fused cell; ours was slower by a quarter with 20 rows of 200
units. `tests/perf/neural_speed.py` compares them. On other devices all three are those of `kernels.device`.
A linear `elman` is the same few lines of torch everywhere.

Under autocast to bfloat16 on the CPU, products over all steps at once are in bfloat16. In `elman` and `gru`
the recurrence stays in float32, since products with few rows gain nothing. States keep their type.
"""

from typing import Literal, assert_never

import torch
from torch import Tensor
from torch.nn import functional as F

from baselines.neural.arithmetic import without_autocast
from baselines.neural.kernels import device
from baselines.neural.kernels.elman import Elman
from baselines.neural.kernels.gru import Gru
from baselines.neural.kernels.products import product_dtype

Weights = tuple[Tensor, Tensor, Tensor, Tensor]
Nonlinearity = Literal["tanh", "relu", "linear"]


def elman(x: Tensor, h: Tensor, weights: Weights, nonlinearity: Nonlinearity) -> tuple[Tensor, Tensor]:
    """hₜ = f(W xₜ + b + U hₜ₋₁ + b'): outputs and the last h."""
    match nonlinearity:
        case "tanh":
            run, relu = torch.rnn_tanh, False
        case "relu":
            run, relu = torch.rnn_relu, True
        case "linear":
            return _linear(x, h, weights)
        case unknown:
            assert_never(unknown)
    if x.device.type == "cpu":
        dtype = product_dtype(x)
        with without_autocast(x.device):
            outputs = Elman.apply(x.to(h.dtype), h, *weights, relu, dtype)
        return outputs, outputs[-1]
    outputs, last = device.layer(run, x, (h,), weights)
    return outputs, last


def _linear(x: Tensor, h: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """`elman` with f(x) = x, step by step. It is there to be studied, not to be fast."""
    w, u, b_x, b_h = weights
    with without_autocast(x.device):
        outputs = []
        for step in F.linear(x.to(h.dtype), w, b_x + b_h).unbind(0):
            h = torch.addmm(step, h, u.t())
            outputs.append(h)
        return torch.stack(outputs), h


def gru(x: Tensor, h: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """r, z = σ(W x + b + U h + b'); n = tanh(W x + b + r ⊙ (U h + b')); h = z ⊙ (h − n) + n.

    Each of r, z and n has its own weights: blocks of rows in this order. The reset gate acts after the
    product, as in cuDNN (Cho et al. 2014, version 3). Returns outputs and the last h.
    """
    if x.device.type != "cpu":
        outputs, last = device.layer(torch.gru, x, (h,), weights)
        return outputs, last
    if torch.is_grad_enabled():
        dtype = product_dtype(x)
        with without_autocast(x.device):
            outputs, _, _ = Gru.apply(x.to(h.dtype), h, *weights, dtype)
        return outputs, outputs[-1]
    outputs, last = torch.gru(x, h[None], weights, True, 1, 0.0, False, False, False)
    return outputs, last[0]


def lstm(x: Tensor, h: Tensor, c: Tensor, weights: Weights) -> tuple[Tensor, Tensor, Tensor]:
    """i, f, o = σ(W x + b + U h + b'), g = tanh(W x + b + U h + b'); c = f ⊙ c + i ⊙ g; h = o ⊙ tanh(c).

    Each of i, f, g and o has its own weights: blocks of rows in this order. Returns outputs, the last h and
    the last c.
    """
    if x.device.type != "cpu":
        outputs, last, cell = device.layer(torch.lstm, x, (h, c), weights)
        return outputs, last, cell
    outputs, last, cell = torch.lstm(x, (h[None], c[None]), weights, True, 1, 0.0, False, False, False)
    return outputs, last[0].to(h.dtype), cell[0].to(c.dtype)
