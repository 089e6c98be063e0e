"""Estimating on a device: interpolated Kneser-Ney from counts to probabilities and backoff weights.

Input: `DeviceCounts` of each order, from 1 up.

Output: a `DeviceTable` of the same n-grams in the same order. Its numbers equal those of `adjusted_counts`
and `interpolate` bit for bit: sums are taken over integers, by differences of running sums, and everything
after them by single operations on float64 (see `baselines.ngram.estimation.arithmetic`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from baselines.ngram.device.count import DeviceCounts
from baselines.ngram.device.table import DeviceTable
from baselines.ngram.estimation.arithmetic import discounted_mass, mixed, own_share
from baselines.ngram.estimation.discounts import Discounts

_LOWER = 32  # bits of the lower of two integers that are summed as one


def adjusted_on_device(counts: Sequence[DeviceCounts]) -> list[Tensor]:
    """Adjusted counts of the n-grams of each order, as `adjusted_counts` defines them: integers [n-grams]."""
    adjusted = []
    for ngrams, longer in pairwise(counts):
        lefts = torch.zeros(len(ngrams), dtype=torch.int32, device=ngrams.keys.device)
        lefts.index_add_(0, longer.suffix, torch.ones_like(longer.suffix))
        lefts[ngrams.starts :] = ngrams.counts[ngrams.starts :]
        adjusted.append(lefts)
    return [*adjusted, counts[-1].counts]


def counts_of_counts_on_device(adjusted: Sequence[Tensor]) -> list[tuple[int, int, int, int]]:
    """n₁ … n₄ of each order, read at once: how many n-grams have each of the counts 1 to 4."""
    sums = torch.stack([(counted == count).sum() for counted in adjusted for count in range(1, 5)])
    return [(n1, n2, n3, n4) for n1, n2, n3, n4 in sums.view(-1, 4).tolist()]


def interpolate_on_device(
    counts: Sequence[DeviceCounts],
    adjusted: Sequence[Tensor],
    discounts: Sequence[Discounts],
    uniform: float | None = None,
) -> DeviceTable:
    """The model of these counts; see `interpolate` for the formula and the arguments."""
    device = counts[0].keys.device
    base = 1 / counts[0].words if uniform is None else uniform
    lower = torch.full((1,), base, dtype=torch.float64, device=device)
    probs, weights = [], []
    for n, (ngrams, counted, taken) in enumerate(zip(counts, adjusted, discounts, strict=True), 1):
        lower, weight = _order(ngrams, counted, taken, lower)
        probs.append(lower)
        if n > 1:
            weights.append(weight)
    keys = tuple(ngrams.keys for ngrams in counts[1:])
    return DeviceTable(counts[0].words, keys, tuple(probs), tuple(weights))


def _order(
    ngrams: DeviceCounts, counted: Tensor, discounts: Discounts, lower: Tensor
) -> tuple[Tensor, Tensor]:
    """p(w | h) of each n-gram, float32 [n-grams], and γ(h) of each context, float64 [contexts].

    `lower` holds the probabilities of the suffixes.
    """
    total, numbers = _sums_by_context(counted, ngrams.bounds())
    followed = total > 0
    total.masked_fill_(~followed, 1)  # only the zeros of words never counted are divided by it
    weight = (discounted_mass(discounts, *numbers) / total).masked_fill_(~followed, 1)
    contexts = ngrams.contexts()
    by_count = torch.tensor([0.0, *discounts], dtype=torch.float64, device=counted.device)
    taken = by_count[counted.clamp(max=3).long()]
    below = lower[ngrams.suffix].double()
    return mixed(own_share(counted, taken, total[contexts]), weight[contexts], below).float(), weight


def _sums_by_context(counted: Tensor, bounds: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """Σ a(h w) of each context, and how many of its n-grams have a count of 1, of 2, and of 3 or more.

    All float64 [contexts]. Two sums are formed at once, in the halves of 64 bits: every one is at most the
    number of tokens of a text, which is below 2³¹.
    """
    more, total = _halves(_sums(((counted > 2).long() << _LOWER) + counted, bounds))
    twos, ones = _halves(_sums(((counted == 2).long() << _LOWER) + (counted == 1), bounds))
    return total, (ones, twos, more)


def _sums(values: Tensor, bounds: Tensor) -> Tensor:
    """The sum of the integers between each of the `bounds` and the next: int64 [bounds − 1]."""
    running = torch.nn.functional.pad(torch.cumsum(values, 0), (1, 0))
    return torch.diff(running[bounds])


def _halves(sums: Tensor) -> tuple[Tensor, Tensor]:
    """The integers in the upper and the lower half: float64."""
    return (sums >> _LOWER).double(), (sums & ((1 << _LOWER) - 1)).double()
