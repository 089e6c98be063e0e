"""Recurrences linear in their state, hₜ = aₜ ⊙ hₜ₋₁ + bₜ, forward and backward."""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def sequential_scan(a: Tensor, b: Tensor) -> Tensor:
    """hₜ = aₜ ⊙ hₜ₋₁ + bₜ from h₋₁ = 0, step by step: a, b [time, …] to h [time, …]."""
    h = torch.empty_like(b)
    h[0] = b[0]
    for before, now, decay, inward in zip(h[:-1], h[1:], a[1:], b[1:], strict=True):
        torch.addcmul(inward, decay, before, out=now)
    return h


def parallel_scan(a: Tensor, b: Tensor) -> Tensor:
    """The same in ⌈log₂ time⌉ passes over everything (Hillis & Steele 1986).

    After pass p each place holds the recurrence over its last 2ᵖ steps. Factors between 0 and 1 are only ever
    multiplied, never divided by, so that nothing overflows and no logarithms are needed.
    """
    reach = 1
    while reach < len(b):
        b = torch.cat([b[:reach], torch.addcmul(b[reach:], a[reach:], b[:-reach])])
        a = torch.cat([a[:reach], a[reach:] * a[:-reach]])
        reach *= 2
    return b


def _scan(a: Tensor, b: Tensor) -> Tensor:
    """The faster form: a CPU computes one step in about the time that it takes to start an operation."""
    return sequential_scan(a, b) if b.device.type == "cpu" else parallel_scan(a, b)


class _LinearScan(torch.autograd.Function):
    """With s the gradient by h taken through time, sₜ = gₜ + aₜ₊₁ ⊙ sₜ₊₁: by b it is s, by a s ⊙ hₜ₋₁."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor, first: Tensor) -> Tensor:
        inward = torch.cat([torch.addcmul(b[:1], a[:1], first[None]), b[1:]])
        h = _scan(a, inward)
        ctx.save_for_backward(a, h, first)
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, h, first = ctx.saved_tensors
        later = torch.cat([a[:1], a[1:].flip(0)])  # in reversed time; its first factor is never used
        s = _scan(later, grad.flip(0)).flip(0)
        return s * torch.cat([first[None], h[:-1]]), s, s[0] * a[0]


def linear_scan(a: Tensor, b: Tensor, first: Tensor) -> Tensor:
    """hₜ = aₜ ⊙ hₜ₋₁ + bₜ from h₋₁ = `first` [rows, units]: a, b [time, rows, units] to h, the same shape."""
    h: Tensor = _LinearScan.apply(a, b, first)
    return h
