"""The output layer: an exact softmax over the vocabulary, and its loss, without storing all logits."""

import threading
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from baselines.neural.output.layer import OutputLayer

#: Rows of logits held at once: enough for efficient matrix products, and where the vocabulary is large
#: no more than LOGITS numbers, though never under FEWEST rows: each chunk passes over the whole matrix.
ROWS, LOGITS, FEWEST = 256, 2**23, 64

_local = threading.local()


def _chunks(rows: int, vocabulary: int) -> Iterator[slice]:
    """Consecutive rows, as many as are held at once."""
    size = min(ROWS, max(FEWEST, LOGITS // vocabulary))
    return (slice(first, first + size) for first in range(0, rows, size))


def _workspace(rows: int, weight: Tensor) -> Tensor:
    """Uninitialised [rows, vocabulary], reused by the next call from the same thread.

    A fresh buffer of this size would come from the operating system page by page at every step.
    """
    held: Tensor | None = getattr(_local, "buffer", None)
    size = rows * len(weight)
    if held is None or held.numel() < size or held.dtype != weight.dtype or held.device != weight.device:
        # The buffer outlives the caller's mode: a tensor born in inference mode could not be written outside.
        with torch.inference_mode(False):
            held = _local.buffer = torch.empty(size, dtype=weight.dtype, device=weight.device)
    return held[:size].view(rows, len(weight))


def _log_softmax_rows(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """ln softmax(features Wᵀ + b) for a few rows, in the workspace: valid until the next call."""
    logits = torch.addmm(bias, features, weight.t(), out=_workspace(len(features), weight))
    return torch.log_softmax(logits, 1, out=logits)


class _ChunkedLoss(torch.autograd.Function):
    """Mean −ln softmax(x Wᵀ + b)[target], its gradient formed chunk by chunk in the forward pass.

    With p = softmax(x Wᵀ + b), the gradient by the logits is (p − onehot(target)) / n. While a chunk's
    p is still in cache its share is added to the gradients of x, W and b, and p is overwritten by the
    next chunk: the [n, vocabulary] matrix of the plain form is neither written to memory nor read back.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> Tensor:
        n = len(x)
        learning = any(ctx.needs_input_grad)
        if learning:
            grad_x, grad_weight, grad_bias = (
                torch.empty_like(x),
                torch.empty_like(weight),
                torch.zeros_like(bias),
            )
        losses = x.new_empty(n)
        for rows in _chunks(n, len(weight)):
            chunk, chosen = x[rows], target[rows, None]
            log_p = _log_softmax_rows(chunk, weight, bias)
            losses[rows] = -log_p.gather(1, chosen).squeeze(1)
            if learning:
                slope = log_p.exp_()
                slope.scatter_add_(1, chosen, slope.new_full((), -1.0).expand(chosen.shape))
                torch.mm(slope, weight, out=grad_x[rows])
                # beta = 0 ignores what the uninitialised gradient holds.
                torch.addmm(grad_weight, slope.t(), chunk, beta=rows.start > 0, alpha=1 / n, out=grad_weight)
                grad_bias.addmv_(slope.t(), slope.new_ones(len(chunk)), alpha=1 / n)
        if learning:
            ctx.save_for_backward(grad_x.div_(n), grad_weight, grad_bias)
        return losses.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        if grad.item() == 1.0:  # the usual case: the loss itself is what is minimised
            return *ctx.saved_tensors, None
        return *(saved * grad for saved in ctx.saved_tensors), None


def softmax_loss(x: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> Tensor:
    """Mean negative log-likelihood (nats) of target [n] under softmax(x Wᵀ + b); x [n, features], n > 0.

    The same value and gradients as `F.cross_entropy(F.linear(x, weight, bias), target)`, which is what
    runs on other devices than the CPU: there the chunks would wait for one another.
    """
    if x.device.type != "cpu":
        return F.cross_entropy(F.linear(x, weight, bias), target)
    loss: Tensor = _ChunkedLoss.apply(x, weight, bias, target)
    return loss


class Softmax(OutputLayer):
    """softmax(W x + b).

    The matrix of a `tied` embedding [at least vocabulary, features] doubles as W (Press & Wolf 2017; Inan
    et al. 2017): its first `vocabulary` rows are used, in the same storage.
    """

    def __init__(self, vocabulary: int, features: int, tied: nn.Embedding | None = None):
        super().__init__()
        self.vocabulary = vocabulary
        self.matrix = nn.Parameter(torch.empty(vocabulary, features)) if tied is None else tied.weight
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    @property
    def weight(self) -> Tensor:
        """W, [vocabulary, features]."""
        return self.matrix if len(self.matrix) == self.vocabulary else self.matrix[: self.vocabulary]

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        return softmax_loss(features, self.weight, self.bias, targets)

    @torch.no_grad()
    def log_probs(self, features: Tensor, targets: Tensor) -> Tensor:
        scores = features.new_empty(len(features))
        for rows in _chunks(len(features), self.vocabulary):
            log_p = _log_softmax_rows(features[rows], self.weight, self.bias)
            scores[rows] = log_p.gather(1, targets[rows, None]).squeeze(1)
        return scores

    @torch.no_grad()
    def distribution(self, features: Tensor) -> Tensor:
        return torch.log_softmax(F.linear(features, self.weight, self.bias), 1)

    @torch.no_grad()
    def start_from(self, log_unigram: Tensor) -> None:
        self.bias.copy_(log_unigram)
