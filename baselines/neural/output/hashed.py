"""A softmax whose logits also come from a hash table: the n-gram features of a maximum-entropy model."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from baselines.neural.arithmetic import without_autocast
from baselines.neural.output.softmax import LinearOutput

#: Stretches of the table begin at multiples of this many entries (a cache line).
STEP = 16
#: The most stretches that can be numbered: features carry the numbers in float32, which is exact up to here.
MOST_SLOTS = 2**24
#: Rows of logits held at once: ROWS, or fewer with a large vocabulary, as in `output.softmax`.
ROWS, LOGITS, FEWEST = 256, 2**23, 64


class HashedSoftmax(LinearOutput):
    """softmax(W x + b + Σₘ T[16 sₘ : 16 sₘ + vocabulary]) (Mikolov et al. 2011, section 3).

    Features are x followed by the slots s₁, s₂ … of a position, integers below `slots`. The hash of a history
    selects a stretch of the table T that holds one entry per word. Stretches overlap, so histories share
    entries.
    """

    def __init__(
        self, vocabulary: int, features: int, hash_size: int, tied: nn.Embedding | None = None
    ) -> None:
        """`hash_size`: entries of T, at least `vocabulary`; `features`: the width of x, without the slots."""
        super().__init__(vocabulary, features, tied)
        self.features = features
        self.table = nn.Parameter(torch.zeros(hash_size))

    @property
    def slots(self) -> int:
        """The number of different stretches."""
        return slots(len(self.table), self.vocabulary)

    def exact_loss(self, features: Tensor, targets: Tensor) -> Tensor:
        x, places = self._split(features)
        if x.device.type == "cpu":
            with without_autocast(x.device):
                loss: Tensor = _ChunkedLoss.apply(x, self.weight, self.bias, self.table, places, targets)
            return loss
        direct: Tensor = _Stretches.apply(self.table, places, self.vocabulary)
        return F.cross_entropy(F.linear(x, self.weight, self.bias) + direct, targets)

    @torch.no_grad()
    def log_probs(self, features: Tensor, targets: Tensor) -> Tensor:
        scores = features.new_empty(len(features))
        for rows in _chunks(len(features), self.vocabulary):
            log_p = self.distribution(features[rows])
            scores[rows] = log_p.gather(1, targets[rows, None]).squeeze(1)
        return scores

    @torch.no_grad()
    def distribution(self, features: Tensor) -> Tensor:
        x, places = self._split(features)
        pair = x.new_empty(2, len(x), self.vocabulary)
        logits = _logits(x, self.weight, self.bias, self.table, places, pair)
        return torch.log_softmax(logits, 1)

    def _split(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """x [n, features] and the slots, int64 [n, orders]."""
        return features[:, : self.features], features[:, self.features :].detach().long()


def slots(hash_size: int, vocabulary: int) -> int:
    """The number of stretches of `vocabulary` entries that begin in a table of `hash_size` entries."""
    whole = -(-vocabulary // STEP) * STEP
    return min(MOST_SLOTS, (hash_size - whole) // STEP + 1)


def _chunks(n: int, vocabulary: int) -> list[slice]:
    size = min(ROWS, max(FEWEST, LOGITS // vocabulary))
    return [slice(first, first + size) for first in range(0, n, size)]


def _gather(table: Tensor, places: Tensor, out: Tensor) -> Tensor:
    """Copy the stretch of each of `places` [n] into out [n, vocabulary]."""
    stretches = table.as_strided((slots(len(table), out.shape[1]), out.shape[1]), (STEP, 1))
    return torch.index_select(stretches, 0, places, out=out)


def _pair(x: Tensor, vocabulary: int) -> Tensor:
    """Uninitialised space for a chunk's logits and one more of that size: [2, rows, vocabulary]."""
    return x.new_empty(2, min(len(x), _chunks(len(x), vocabulary)[0].stop), vocabulary)


def _logits(x: Tensor, weight: Tensor, bias: Tensor, table: Tensor, places: Tensor, pair: Tensor) -> Tensor:
    """x Wᵀ + b + the stretches of each row: [n, vocabulary], in the first half of `pair`."""
    logits, more = pair[:, : len(x)]
    _gather(table, places[:, 0], logits)
    for order in range(1, places.shape[1]):
        logits.add_(_gather(table, places[:, order], more))
    logits.add_(bias)
    return torch.addmm(logits, x, weight.t(), out=logits)


def _scatter_rows(table_gradient: Tensor, places: Tensor, slope: Tensor) -> None:
    """Add each row of slope [n, vocabulary] to its stretches, one by one since they overlap and repeat."""
    entries, rows = table_gradient.numpy(), slope.numpy()  # CPU only; takes half as long as torch calls
    for row, firsts in zip(rows, (places * STEP).tolist(), strict=True):
        for first in firsts:
            stretch = entries[first : first + slope.shape[1]]
            np.add(stretch, row, out=stretch)


def _scatter_blocks(table_gradient: Tensor, places: Tensor, slope: Tensor) -> None:
    """The same for other devices, all at once: index_add_ accumulates STEP entries per index."""
    blocks = table_gradient[: len(table_gradient) // STEP * STEP].view(-1, STEP)
    values = F.pad(slope, (0, -slope.shape[1] % STEP)).view(-1, STEP)
    steps = torch.arange(len(values) // len(slope), device=slope.device)
    for order in places.unbind(1):
        blocks.index_add_(0, (order[:, None] + steps).flatten(), values)


class _Stretches(torch.autograd.Function):
    """The sum of the stretches at places [n, orders]: [n, vocabulary]."""

    @staticmethod
    def forward(ctx, table: Tensor, places: Tensor, vocabulary: int) -> Tensor:
        ctx.save_for_backward(places)
        ctx.size = len(table)
        total = table.new_empty(len(places), vocabulary)
        _gather(table, places[:, 0], total)
        for order in range(1, places.shape[1]):
            total.add_(_gather(table, places[:, order], torch.empty_like(total)))
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        (places,) = ctx.saved_tensors
        table_gradient = grad.new_zeros(ctx.size)
        for rows in _chunks(*grad.shape):
            _scatter_blocks(table_gradient, places[rows], grad[rows])
        return table_gradient, None, None


class _ChunkedLoss(torch.autograd.Function):
    """Mean −ln p(target), its gradients formed chunk by chunk in the forward pass.

    As in the loss of `Softmax`, no [n, vocabulary] matrix is stored. Each chunk's slope is added to the
    stretches that its logits came from while it is still in cache.
    """

    @staticmethod
    def forward(
        ctx, x: Tensor, weight: Tensor, bias: Tensor, table: Tensor, places: Tensor, target: Tensor
    ) -> Tensor:
        n = len(x)
        learning = any(ctx.needs_input_grad)
        inputs = (x, weight, bias, table)
        gradients = [torch.zeros_like(part) for part in inputs] if learning else []
        losses, pair = x.new_empty(n), _pair(x, len(weight))
        for rows in _chunks(n, len(weight)):
            chunk, chosen = x[rows], target[rows, None]
            log_p = _logits(chunk, weight, bias, table, places[rows], pair)
            torch.log_softmax(log_p, 1, out=log_p)
            losses[rows] = -log_p.gather(1, chosen).squeeze(1)
            if learning:
                slope = log_p.exp_()
                slope.scatter_add_(1, chosen, slope.new_full((), -1.0).expand(chosen.shape))
                slope.div_(n)
                by_x, by_weight, by_bias, by_table = gradients
                torch.mm(slope, weight, out=by_x[rows])
                by_weight.addmm_(slope.t(), chunk)
                by_bias.addmv_(slope.t(), slope.new_ones(len(chunk)))
                _scatter_rows(by_table, places[rows], slope)
        ctx.save_for_backward(*gradients)
        return losses.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        gradients = ctx.saved_tensors
        if grad.item() != 1.0:
            gradients = tuple(part * grad for part in gradients)
        return *gradients, None, None
