"""Dropout of units, of whole words and of connections, in training only. What is kept is scaled up to match.

All masks come from torch's global generator, which `NeuralModel.fit` seeds. If nothing is dropped, nothing
is copied.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def kept(shape: tuple[int, ...], share: float, like: Tensor) -> Tensor:
    """A small mask of this shape: 0 with probability `share`, otherwise 1 / (1 − share)."""
    mask = torch.empty(shape, dtype=like.dtype, device=like.device)
    return mask.bernoulli_(1 - share).div_(1 - share)


def dropped(x: Tensor, share: float) -> Tensor:
    """x with each number zeroed with probability `share`, otherwise divided by 1 − share.

    On a CPU torch's own dropout spends most of its time on drawing a number per element. Here one draw of
    64 bits decides about two elements, each to within 2⁻³² of the probability.
    """
    if x.device.type != "cpu":
        return F.dropout(x, share)
    draws = torch.empty((x.numel() + 1) // 2, dtype=torch.int64).random_(-(2**63), None)
    least = min(round(share * 2**32) - 2**31, 2**31 - 1)
    mask = draws.view(torch.int32)[: x.numel()].view(x.shape) >= least
    return x * mask.to(x.dtype).div_(1 - share)


class Dropout(nn.Module):
    """Zeroes a `share` of the units of x [time, rows, units] (Srivastava et al. 2014).

    If `locked`, one mask [rows, units] serves all time steps of a segment (variational dropout, Gal &
    Ghahramani 2016, eq. 7); otherwise each time step has its own.
    """

    def __init__(self, share: float, locked: bool = False):
        super().__init__()
        self.share, self.locked = share, locked

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.share:
            return x
        if self.locked:
            return x * kept((1, *x.shape[1:]), self.share, x)
        return dropped(x, self.share)


class WordDropout(nn.Module):
    """Drops a `share` of the vocabulary's words, with one mask per segment.

    Every occurrence of a dropped word has a zero embedding (Gal & Ghahramani 2016, section 4.2). The mask
    multiplies the embeddings that were looked up, not the matrix, which would have to be copied.
    """

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def forward(self, x: Tensor, tokens: Tensor, symbols: int) -> Tensor:
        """Apply a mask over `symbols` words to x [*tokens, embedding_size], the embeddings of `tokens`."""
        if not self.training or not self.share:
            return x
        return x * kept((symbols,), self.share, x)[tokens].unsqueeze(-1)


class WeightDrop(nn.Module):
    """Zeroes a `share` of the connections of a weight matrix: DropConnect (Wan et al. 2013).

    On recurrent matrices this is the weight drop of Merity et al. (2018, section 2): one mask per segment,
    so that the same connections are missing at all of its time steps. The masked matrix is computed from
    the parameter at each call; the parameter stays whole and receives the gradient.
    """

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def forward(self, weight: Tensor) -> Tensor:
        return dropped(weight, self.share) if self.training and self.share else weight
