"""Elman's recurrence on the CPU, with the backward pass by hand."""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from baselines.neural.kernels.products import input_products, product, recurrent_gradient


class Elman(torch.autograd.Function):
    """hₜ = f(W xₜ + b + U hₜ₋₁ + b') with f = relu if `relu`, otherwise tanh; b_x is b and b_h is b'.

    With the slopes aₜ = f'ₜ ⊙ (∂L/∂hₜ + Uᵀ aₜ₊₁), where f' is 1 − h² (tanh) or [h > 0] (relu), the gradients
    are ∂x = a W, ∂W = Σ aₜ xₜᵀ, ∂U = Σ aₜ hₜ₋₁ᵀ, ∂b = ∂b' = Σ aₜ. In both directions a step is one matrix
    product and one pass over [rows, units] in place; everything else is computed for all steps at once.
    """

    @staticmethod
    def forward(
        x: Tensor, h: Tensor, w: Tensor, u: Tensor, b_x: Tensor, b_h: Tensor, relu: bool, dtype: torch.dtype
    ) -> Tensor:
        outputs = input_products(x, w, b_x + b_h, dtype)
        transposed = u.t().contiguous()  # the fastest layout for a product with few rows
        for step in outputs.unbind(0):
            step.addmm_(h, transposed)
            h = step.relu_() if relu else step.tanh_()
        return outputs

    @staticmethod
    def setup_context(ctx, inputs, output: Tensor) -> None:
        x, h, w, u, _, _, ctx.relu, ctx.dtype = inputs
        ctx.save_for_backward(x, h, w, u, output)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, h, w, u, outputs = ctx.saved_tensors
        # Holds f' first and becomes the slopes step by step, from the last to the first.
        slopes = (outputs > 0).to(outputs.dtype) if ctx.relu else (outputs * outputs).neg_().add_(1)
        steps, from_above = slopes.unbind(0), grad.unbind(0)
        steps[-1].mul_(from_above[-1])
        arriving = torch.empty_like(h)
        for t in range(len(steps) - 2, -1, -1):
            torch.addmm(from_above[t], steps[t + 1], u, out=arriving)
            steps[t].mul_(arriving)
        flat = slopes.flatten(0, 1)
        bias = flat.sum(0)
        return (
            product(flat, w, ctx.dtype).view_as(x) if ctx.needs_input_grad[0] else None,
            steps[0] @ u if ctx.needs_input_grad[1] else None,
            product(flat.t(), x.flatten(0, 1), ctx.dtype),
            recurrent_gradient(slopes, h, outputs, ctx.dtype),
            bias,
            bias,
            None,
            None,
        )
