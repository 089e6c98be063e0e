"""A linear chain over the tags of a sentence: a conditional random field."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LinearChain(nn.Module):
    """A conditional random field (Lafferty, McCallum and Pereira 2001) with the scores of a network.

    The score of tags t₁ … t_n is Σ emission_i(t_i) + Σ A(t_{i−1}, t_i) + begin(t₁) + end(t_n), and their
    probability is exp(score) / Z, Z the sum over all sequences of n tags. Emissions are [time, rows, tags],
    lengths int [rows], from 1 up; what stands behind a sentence's end does not count.
    """

    def __init__(self, tags: int):
        super().__init__()
        self.pairs = nn.Parameter(torch.zeros(tags, tags))
        self.begin = nn.Parameter(torch.zeros(tags))
        self.end = nn.Parameter(torch.zeros(tags))

    def score(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """The score of `tags` int [time, rows], for each row: [rows]."""
        inside = self._inside(emissions, lengths)
        own = emissions.gather(2, tags[:, :, None])[:, :, 0]
        steps = self.pairs[tags[:-1], tags[1:]]
        last = tags.gather(0, lengths[None] - 1)[0]
        total = (own * inside).sum(0) + (steps * inside[1:]).sum(0)
        return total + self.begin[tags[0]] + self.end[last]

    def log_partition(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """ln Z of each row, by the forward algorithm: [rows]."""
        inside = self._inside(emissions, lengths)
        forward = self.begin + emissions[0]
        for own, here in zip(emissions[1:].unbind(), inside[1:].unbind(), strict=True):
            ahead = torch.logsumexp(forward[:, :, None] + self.pairs, dim=1) + own
            forward = torch.where(here[:, None], ahead, forward)
        return torch.logsumexp(forward + self.end, dim=1)

    def best(self, emissions: Tensor, lengths: Tensor) -> list[list[int]]:
        """The tags with the highest score, for each row (Viterbi 1967)."""
        inside = self._inside(emissions, lengths)
        score = self.begin + emissions[0]
        stay = torch.arange(len(self.begin), device=score.device).expand_as(score)
        came_from = []
        for own, here in zip(emissions[1:].unbind(), inside[1:].unbind(), strict=True):
            most, place = (score[:, :, None] + self.pairs).max(dim=1)
            score = torch.where(here[:, None], most + own, score)
            came_from.append(torch.where(here[:, None], place, stay))
        tag = (score + self.end).argmax(dim=1)
        path = [tag]
        for table in reversed(came_from):
            tag = table.gather(1, tag[:, None])[:, 0]
            path.append(tag)
        rows = torch.stack(path[::-1], dim=1).tolist()
        return [row[:length] for row, length in zip(rows, lengths.tolist(), strict=True)]

    @staticmethod
    def _inside(emissions: Tensor, lengths: Tensor) -> Tensor:
        """Which places are in their sentence: bool [time, rows]."""
        return torch.arange(len(emissions), device=emissions.device)[:, None] < lengths
