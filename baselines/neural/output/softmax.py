"""The exact softmax over the vocabulary and its loss, without storing all logits."""

import threading
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from baselines.neural.arithmetic import autocast_dtype, without_autocast
from baselines.neural.output.layer import OutputLayer

#: Rows of logits held at once on a CPU: enough for efficient matrix products, and with a large vocabulary no
#: more than LOGITS numbers, but at least FEWEST rows, since each chunk reads the whole matrix.
ROWS, LOGITS, FEWEST = 400, 2**24, 64
#: Other devices. A block of more than LARGE logits is not stored for the backward pass. Chunks are as few and
#: large as memory allows (in float32, 256 MB each), since each adds to the whole gradient of W.
LARGE, DEVICE_LOGITS = 2**25, 2**26
#: While no row's largest logit exceeds this in magnitude, exponentials need no shift: nothing overflows or
#: vanishes in their sums and products. (bfloat16 has the exponent range of float32.)
SAFE = 30.0

_local = threading.local()


def _chunks(rows: int, vocabulary: int, device: torch.device) -> Iterator[slice]:
    """Consecutive rows in chunks of similar size, each small enough to be held at once."""
    if device.type == "cpu":
        most = min(ROWS, max(FEWEST, LOGITS // vocabulary))
    else:
        most = max(FEWEST, DEVICE_LOGITS // vocabulary)
    size = -(-rows // max(1, -(-rows // most)))
    return (slice(first, first + size) for first in range(0, rows, max(1, size)))


def _workspace(rows: int, weight: Tensor) -> Tensor:
    """An uninitialised [rows, vocabulary], on a CPU reused by the next call from the same thread.

    There the operating system would hand out a fresh buffer of this size page by page at every step. Other
    devices keep freed memory at hand; a buffer held here might belong to a captured graph.
    """
    if weight.device.type != "cpu":
        return weight.new_empty(rows, len(weight))
    held: Tensor | None = getattr(_local, "buffer", None)
    size = rows * len(weight)
    if held is None or held.numel() < size or held.dtype != weight.dtype:
        # The buffer outlives the caller's mode: a tensor born in inference mode could not be written outside.
        with torch.inference_mode(False):
            held = _local.buffer = torch.empty(size, dtype=weight.dtype)
    return held[:size].view(rows, len(weight))


def _logits(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x Wᵀ + b in the workspace, valid until the next call."""
    return torch.addmm(bias, x, weight.t(), out=_workspace(len(x), weight))


def _normalised(x: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As `_exponentials`, without a decision by numbers, for which a device would have to be waited for.

    E is softmax(x Wᵀ + b), so Z is 1. With t the target and m the likeliest word, ln softmax at t is
    logit(t) − logit(m) + ln E(m), where E(m) is never tiny.
    """
    logits = _logits(x, weight, bias)
    wide = torch.promote_types(logits.dtype, torch.float32)
    top, likeliest = logits.max(1, keepdim=True)
    behind = logits.gather(1, target[:, None]).to(wide) - top.to(wide)
    p = torch.softmax(logits, 1, out=logits)
    log_p = behind + p.gather(1, likeliest).to(wide).log()
    return p, log_p.new_ones(len(x)), log_p.squeeze(1)


def _exponentials(x: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """E = exp(x Wᵀ + b − s) of a few rows, the row sums Z of E, and ln softmax at the targets.

    The shift s is 0 if no row needs one, otherwise each row's maximum. E [rows, vocabulary] lies in the
    workspace. Z and ln softmax [rows] are at least float32.
    """
    logits = _logits(x, weight, bias)
    top = logits.amax(1)
    chosen = logits.gather(1, target[:, None]).squeeze(1)
    if not top.abs().max() <= SAFE:  # also true of NaN
        logits.sub_(top[:, None])
        chosen = chosen - top
    wide = torch.promote_types(logits.dtype, torch.float32)
    total = logits.exp_().sum(1).to(wide)
    return logits, total, chosen.to(wide) - total.log()


class _ChunkedLoss(torch.autograd.Function):
    """Mean −ln softmax(x Wᵀ + b)[target], its gradient formed chunk by chunk in the forward pass.

    With p = softmax(x Wᵀ + b) the gradient by the logits is (p − onehot(target)) / n. The block p of
    [n, vocabulary] is never formed: p = E / Z row by row (`_exponentials`), so a product with p is a
    product with E in which the thin other factor, or the thin result, is divided by Z. The term of the
    targets subtracts rows of W from the gradient of x, and rows of x from that of W.
    """

    @staticmethod
    def forward(
        ctx, x: Tensor, weight: Tensor, bias: Tensor, target: Tensor, products: torch.dtype
    ) -> Tensor:
        n = len(x)
        learning = any(ctx.needs_input_grad)
        inputs, matrix, offsets = x.to(products), weight.to(products), bias.to(products)
        gradients = torch.empty_like(x), torch.empty_like(weight), torch.zeros_like(bias)
        log_p = weight.new_empty(n)
        exponentials_of = _exponentials if x.device.type == "cpu" else _normalised
        for rows in _chunks(n, len(weight), x.device):
            exponentials, total, log_p[rows] = exponentials_of(inputs[rows], matrix, offsets, target[rows])
            if learning:
                share = 1 / (n * total)
                gradients[0][rows] = torch.mm(exponentials, matrix).mul_(share[:, None])
                _add_products(gradients[1], exponentials.t(), x[rows] * share[:, None], rows.start == 0)
                gradients[2].add_(torch.mv(exponentials.t(), share.to(products)))
        if learning:
            gradients[0].sub_(weight.index_select(0, target), alpha=1 / n)
            gradients[1].index_add_(0, target, x.to(weight.dtype), alpha=-1 / n)
            gradients[2].index_add_(0, target, bias.new_full((n,), -1 / n))
            ctx.save_for_backward(*gradients)
        return -log_p.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        # The usual case: the loss itself is minimised. Other devices would have to be waited for.
        if grad.device.type == "cpu" and grad.item() == 1.0:
            return *ctx.saved_tensors, None, None
        return *(saved * grad for saved in ctx.saved_tensors), None, None


def _add_products(total: Tensor, left: Tensor, right: Tensor, first: bool) -> None:
    """total += left @ right in the precision of `left`; the first time `total` is uninitialised."""
    if left.dtype == total.dtype:
        torch.addmm(total, left, right, beta=0 if first else 1, out=total)
    elif first:
        total.copy_(left @ right.to(left.dtype))
    else:
        total.add_(left @ right.to(left.dtype))


def softmax_loss(x: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> Tensor:
    """Mean negative log-likelihood (nats) of target [n] under softmax(x Wᵀ + b); x [n, features], n > 0.

    The same value and gradients as `F.cross_entropy(F.linear(x, weight, bias), target)`, which devices
    other than the CPU run up to LARGE logits; it takes fewer calls, but stores the logits. Under autocast to
    bfloat16, logits and products are rounded to it (8 bits of mantissa) but sums over the vocabulary and over
    chunks are not: the loss of some hundred rows is off by about 1e-3, a gradient by about 0.5% of its norm.
    """
    if x.device.type != "cpu" and len(x) * len(weight) <= LARGE:
        return F.cross_entropy(F.linear(x, weight, bias), target)
    half = autocast_dtype(x.device) == torch.bfloat16
    with without_autocast(x.device):
        products = torch.bfloat16 if half else weight.dtype
        loss: Tensor = _ChunkedLoss.apply(x, weight, bias, target, products)
    return loss


class LinearOutput(OutputLayer):
    """The weights of layers whose logits contain W x + b.

    The matrix of a `tied` embedding [at least vocabulary, features] doubles as W (Press & Wolf 2017; Inan
    et al. 2017): its first `vocabulary` rows are used, in the same storage.
    """

    def __init__(self, vocabulary: int, features: int, tied: nn.Embedding | None = None):
        super().__init__(vocabulary)
        self.matrix = nn.Parameter(torch.empty(vocabulary, features)) if tied is None else tied.weight
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    @property
    def weight(self) -> Tensor:
        """W, [vocabulary, features]."""
        return self.matrix if len(self.matrix) == self.vocabulary else self.matrix[: self.vocabulary]

    def operations(self, counts: np.ndarray) -> float:
        """2 V F for V words and F features."""
        return 2.0 * self.weight.numel()

    @torch.no_grad()
    def start_from(self, log_unigram: Tensor) -> None:
        self.bias.copy_(log_unigram)


class Softmax(LinearOutput):
    """softmax(W x + b) over the whole vocabulary."""

    def exact_loss(self, features: Tensor, targets: Tensor) -> Tensor:
        return softmax_loss(features, self.weight, self.bias, targets)

    @torch.no_grad()
    def log_probs(self, features: Tensor, targets: Tensor) -> Tensor:
        scores = features.new_empty(len(features))
        for rows in _chunks(len(features), self.vocabulary, features.device):
            # No products follow, so torch's row by row softmax is as fast as E and Z.
            logits = _logits(features[rows], self.weight, self.bias)
            log_p = torch.log_softmax(logits, 1, out=logits)
            scores[rows] = log_p.gather(1, targets[rows, None]).squeeze(1)
        return scores

    @torch.no_grad()
    def distribution(self, features: Tensor) -> Tensor:
        return torch.log_softmax(F.linear(features, self.weight, self.bias), 1)
