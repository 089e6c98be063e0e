"""The gated recurrent unit on the CPU, with the backward pass by hand."""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from baselines.neural.kernels.products import input_products, product, recurrent_gradient


class Gru(torch.autograd.Function):
    """r, z = σ(W x + b + U h + b'); m = U h + b'; n = tanh(W x + b + r ⊙ m); h = z ⊙ (h − n) + n.

    b_x is b and b_h is b'. Blocks of rows of W and U: r, z, n. With d the whole gradient ∂L/∂h, the slopes
    of the gates' arguments are d times factors that the forward pass determines, so all factors are computed
    at once:

    n: N = (1 − z)(1 − n²);  m, which r multiplies: r N;  r: m N r (1 − r);  z: (hₜ₋₁ − n) z (1 − z)

    A step backward then is d = ∂L/∂hₜ + zₜ₊₁ ⊙ dₜ₊₁ + slopesₜ₊₁ U and one product of d with its factors.
    """

    @staticmethod
    def forward(
        x: Tensor, h: Tensor, w: Tensor, u: Tensor, b_x: Tensor, b_h: Tensor, dtype: torch.dtype
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs and, for the backward pass, r, z, n [time, rows, 3 · units] and m [time, rows, units]."""
        (time, rows), units = x.shape[:2], h.shape[1]
        gates = input_products(x, w, b_x, dtype)
        outputs, memories = gates.new_empty(2, time, rows, units).unbind(0)
        recurrent = gates.new_empty(rows, 3 * units)
        transposed = u.t().contiguous()  # the fastest layout for a product with few rows
        for both, n, m, output in zip(
            gates[:, :, : 2 * units], gates[:, :, 2 * units :], memories, outputs, strict=True
        ):
            torch.addmm(b_h, h, transposed, out=recurrent)
            r, z = both.add_(recurrent[:, : 2 * units]).sigmoid_().chunk(2, 1)
            n.addcmul_(r, m.copy_(recurrent[:, 2 * units :])).tanh_()
            h = torch.lerp(n, h, z, out=output)
        return outputs, gates, memories

    @staticmethod
    def setup_context(ctx, inputs, output: tuple[Tensor, Tensor, Tensor]) -> None:
        x, h, w, u, _, _, ctx.dtype = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)  # outputs without a gradient get None, not zeros
        ctx.save_for_backward(x, h, w, u, *output)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor | None, *_: None) -> tuple[Tensor | None, ...]:
        if grad is None:
            return (None,) * 7
        x, h, w, u, outputs, gates, memories = ctx.saved_tensors
        z = gates.unflatten(2, (3, -1))[:, :, 1]
        slopes, of_n = _factors(h, outputs, gates, memories)
        arrived, first = _backward_steps(grad, z, slopes, u)
        b_h = slopes.flatten(0, 1).sum(0)
        recurrent = recurrent_gradient(slopes, h, outputs, ctx.dtype)
        # So far the last block held r N, for the recurrent product. The input product needs N.
        torch.mul(arrived, of_n, out=slopes.unflatten(2, (3, -1))[:, :, 2])
        flat = slopes.flatten(0, 1)
        return (
            product(flat, w, ctx.dtype).view_as(x) if ctx.needs_input_grad[0] else None,
            first,
            product(flat.t(), x.flatten(0, 1), ctx.dtype),
            recurrent,
            flat.sum(0),
            b_h,
            None,
        )


def _factors(h: Tensor, outputs: Tensor, gates: Tensor, memories: Tensor) -> tuple[Tensor, Tensor]:
    """The factors of d for r, z and m [time, rows, 3 · units], and N [time, rows, units]."""
    r, z, n = gates.unflatten(2, (3, -1)).unbind(2)
    factors = torch.empty_like(gates)
    of_r, of_z, behind_r = factors.unflatten(2, (3, -1)).unbind(2)
    of_n = torch.ops.aten.tanh_backward(1 - z, n)
    before = torch.cat([h[None], outputs[:-1]])
    torch.ops.aten.sigmoid_backward.grad_input(memories * of_n, r, grad_input=of_r)
    torch.ops.aten.sigmoid_backward.grad_input(before.sub_(n), z, grad_input=of_z)
    torch.mul(r, of_n, out=behind_r)
    return factors, of_n


def _backward_steps(grad: Tensor, z: Tensor, slopes: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Turn factors into slopes, last step first; return d of every step and the initial h's gradient."""
    arrived = torch.empty_like(grad, memory_format=torch.contiguous_format)
    by_gate = slopes.unflatten(2, (3, -1))
    steps = list(zip(grad, z, slopes, by_gate, arrived, strict=True))
    following: Tensor | None = None
    for from_above, keep, slope, factors, d in reversed(steps):
        d.copy_(from_above) if following is None else torch.add(from_above, following, out=d)
        factors.mul_(d[:, None])
        following = torch.mm(slope, u).addcmul_(d, keep)
    assert following is not None
    return arrived, following
