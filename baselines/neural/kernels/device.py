"""Recurrent layers on devices other than the CPU, by torch's functions. On CUDA these are cuDNN's.

**Rounding.** Under autocast to bfloat16 torch computes cuDNN's recurrent layers in float16, whatever the type
of autocast, and without scaling the loss (`ATen/cudnn/AutocastRNN.cpp`). So here they run outside autocast,
with operands rounded to bfloat16 explicitly. cuDNN has recurrent layers in bfloat16 since version 9.13 (torch
2.10); before, torch computes them step by step, which is slow.

`float16_recurrence` has them computed in float16, for which cuDNN has persistent kernels. Small gradients
would vanish there (below 6 · 10⁻⁸), so they are multiplied by the number of positions, rounded down to a
power of two, as they enter the layer, and divided by it as they leave. The gradient of a mean over positions
is thus computed as that of a sum, and nothing outside the layer is scaled.

**Weights.** cuDNN reads the weights of a layer from one block of memory, in the order of `Weights`. It copies
weights that lie elsewhere at every call, and warns. `share_block` moves parameters into one block for good;
rounded weights and those with dropped connections are new at each call, and are joined here.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn

from baselines.neural.arithmetic import autocast_dtype, without_autocast

_float16 = ContextVar("float16_recurrence", default=False)


@contextmanager
def float16_recurrence() -> Iterator[None]:
    """Within this block, and within autocast, recurrent layers compute in float16."""
    token = _float16.set(True)
    try:
        yield
    finally:
        _float16.reset(token)


@torch.no_grad()
def share_block(parameters: Sequence[nn.Parameter]) -> None:
    """Move parameters, which stay the same objects, into one block of memory, in this order."""
    block = torch.cat([parameter.flatten() for parameter in parameters])
    for parameter, part in zip(parameters, _parts(block, parameters), strict=True):
        parameter.data = part


def layer(
    run: Callable[..., Sequence[Tensor]], x: Tensor, states: tuple[Tensor, ...], weights: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """Outputs [time, rows, units] and last states [rows, units] of one layer by `run`, such as torch.lstm.

    Under autocast to bfloat16 the outputs are in bfloat16, otherwise in the type of the states. States and
    gradients keep their types.
    """
    chosen = autocast_dtype(x.device)
    with without_autocast(x.device):
        if chosen is not None and _float16.get():
            return scaled_layer(run, x, states, weights, torch.float16)
        dtype = weights[0].dtype if chosen is None else chosen
        if dtype != weights[0].dtype or not isinstance(weights[1], nn.Parameter):
            weights = _joined(weights, dtype)
        outputs, *last = _call(run, x.to(dtype), [state.to(dtype) for state in states], weights)
        return outputs, *(part.to(state.dtype) for part, state in zip(last, states, strict=True))


def _call(
    run: Callable[..., Sequence[Tensor]], x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    first = tuple(state[None].contiguous() for state in states)
    learning = torch.is_grad_enabled()  # cuDNN then keeps what gradients need; there is no dropout here
    hidden = first if len(first) > 1 else first[0]
    outputs, *last = run(x, hidden, weights, True, 1, 0.0, learning, False, False)
    return outputs, *(part[0] for part in last)


def _joined(weights: Sequence[Tensor], dtype: torch.dtype, gradient_scale: float = 1.0) -> tuple[Tensor, ...]:
    """The weights as parts of one block of this type. Their gradients are multiplied by a scale."""
    block = torch.cat([weight.flatten() for weight in weights])
    return _parts(_scaled(block, gradient_scale).to(dtype), weights)


def _parts(block: Tensor, like: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """A block cut into parts of the shapes of `like`."""
    parts = block.split([part.numel() for part in like])
    return tuple(part.view(shape.shape) for part, shape in zip(parts, like, strict=True))


def scaled_layer(
    run: Callable[..., Sequence[Tensor]],
    x: Tensor,
    states: Sequence[Tensor],
    weights: Sequence[Tensor],
    dtype: torch.dtype,
) -> tuple[Tensor, ...]:
    """As `layer`, computed in a `dtype` of few exponents. What comes out has the type of the states."""
    wide = states[0].dtype
    scale = 2.0 ** ((x.shape[0] * x.shape[1]).bit_length() - 1)
    # Backwards: gradients are scaled while they are wide, then rounded; divided once they are wide again.
    inward = [_scaled(part.to(wide), 1 / scale).to(dtype) for part in (x, *states)]
    results = _call(run, inward[0], inward[1:], _joined(weights, dtype, 1 / scale))
    return tuple(_scaled(part.to(wide), scale) for part in results)


class _ScaledGradient(torch.autograd.Function):
    """The identity, whose gradient is multiplied by a number."""

    @staticmethod
    def forward(ctx, x: Tensor, scale: float) -> Tensor:
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        return grad * ctx.scale, None


def _scaled(x: Tensor, scale: float) -> Tensor:
    scaled: Tensor = x if scale == 1 else _ScaledGradient.apply(x, scale)
    return scaled
