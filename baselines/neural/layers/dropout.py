"""Dropout of units, of whole words and of connections: in training only, what is kept scaled to make up.

All draw from torch's global generator, which the seed of a fit sets. Where nothing is dropped, nothing is
copied.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def kept(shape: tuple[int, ...], share: float, like: Tensor) -> Tensor:
    """A small mask of this shape: 0 with probability `share`, else 1 / (1 − share)."""
    mask = torch.empty(shape, dtype=like.dtype, device=like.device)
    return mask.bernoulli_(1 - share).div_(1 - share)


def dropped(x: Tensor, share: float) -> Tensor:
    """x with each number zeroed with probability `share`, else divided by 1 − share.

    On a CPU torch's own dropout draws number by number and spends most of its time on that; here one
    draw of 64 bits decides about two, each to within 2⁻³² of the probability.
    """
    if x.device.type != "cpu":
        return F.dropout(x, share)
    draws = torch.empty((x.numel() + 1) // 2, dtype=torch.int64).random_(-(2**63), None)
    least = min(round(share * 2**32) - 2**31, 2**31 - 1)
    mask = draws.view(torch.int32)[: x.numel()].view(x.shape) >= least
    return x * mask.to(x.dtype).div_(1 - share)


class Dropout(nn.Module):
    """Units of x [time, rows, units] are zeroed, a `share` of them (Srivastava et al. 2014).

    Each place draws for itself; `locked`, one mask [rows, units] serves all of its segment's time steps
    (variational dropout, Gal & Ghahramani 2016, eq. 7).
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
    """Words are dropped from the vocabulary, a `share` of them: one mask a segment, over word types.

    Every occurrence of a dropped word has a zero embedding (Gal & Ghahramani 2016, section 4.2). The
    mask multiplies what was looked up and not the matrix, which would cost a copy of it.
    """

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def forward(self, x: Tensor, tokens: Tensor, symbols: int) -> Tensor:
        """x [*tokens, embedding_size], looked up for `tokens` among `symbols`, with its mask applied."""
        if not self.training or not self.share:
            return x
        return x * kept((symbols,), self.share, x)[tokens].unsqueeze(-1)


class WeightDrop(nn.Module):
    """Single connections of a weight matrix are zeroed, a `share` of them: DropConnect (Wan et al. 2013).

    On recurrent matrices it is the weight drop of Merity et al. (2018, section 2): one mask a segment,
    so that the same connections are missing at all of its time steps. The masked matrix is a function
    of the parameter, computed at each call: the parameter itself stays whole and gets the gradient.
    """

    def __init__(self, share: float):
        super().__init__()
        self.share = share

    def forward(self, weight: Tensor) -> Tensor:
        return dropped(weight, self.share) if self.training and self.share else weight
