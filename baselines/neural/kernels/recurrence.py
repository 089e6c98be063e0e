"""One recurrent layer over a segment of time: x [time, rows, inputs] to outputs [time, rows, units].

`weights` are input matrix, recurrent matrix, input bias, recurrent bias, laid out and named as torch's
cells (and cuDNN) have them; a layer's first state is [rows, units]. All are differentiable.
"""

from typing import Literal

import torch
from torch import Tensor

Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def elman(
    x: Tensor, h: Tensor, weights: Weights, nonlinearity: Literal["tanh", "relu"]
) -> tuple[Tensor, Tensor]:
    """hₜ = f(W xₜ + b + U hₜ₋₁ + b'): outputs and the last h."""
    run = torch.rnn_tanh if nonlinearity == "tanh" else torch.rnn_relu
    outputs, last = run(x, h[None], weights, True, 1, 0.0, False, False, False)
    return outputs, last[0]


def gru(x: Tensor, h: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """r, z = σ(W x + b + U h + b'), each its own; n = tanh(W x + b + r ⊙ (U h + b')); h = z ⊙ (h − n) + n.

    The reset gate acts behind the product, as in cuDNN (Cho et al. 2014, version 3). Rows: r, z, n.
    """
    outputs, last = torch.gru(x, h[None], weights, True, 1, 0.0, False, False, False)
    return outputs, last[0]


def lstm(x: Tensor, h: Tensor, c: Tensor, weights: Weights) -> tuple[Tensor, Tensor, Tensor]:
    """i, f, o = σ(W x + b + U h + b'), g = tanh(…), each its own; c = f ⊙ c + i ⊙ g; h = o ⊙ tanh(c).

    Rows: i, f, g, o. Outputs, the last h, the last c.
    """
    outputs, last, cell = torch.lstm(x, (h[None], c[None]), weights, True, 1, 0.0, False, False, False)
    return outputs, last[0], cell[0]
