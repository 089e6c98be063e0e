"""From the states of an encoder to one vector a text."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

PoolingKind = Literal["final", "max", "mean", "attention"]


def is_token(lengths: Tensor, longest: int) -> Tensor:
    """Which places of a batch hold a token and no padding: bool [texts, longest]. `lengths` is [texts]."""
    return torch.arange(longest, device=lengths.device) < lengths[:, None]


def final_states(states: Tensor, lengths: Tensor, directions: int) -> Tensor:
    """The state that each direction ends in: forwards that of the last token, backwards that of the first.

    `states` [texts, places, units] has the units of the forward direction first, then those of the other.
    """
    last = states[torch.arange(len(states), device=states.device), lengths - 1]
    if directions == 1:
        return last
    half = states.shape[2] // 2
    return torch.cat([last[:, :half], states[:, 0, half:]], dim=1)


class Pooling(nn.Module):
    """One vector a text: float32 [texts, units] from states [texts, places, units].

    `final`: the state at the end. `max`: the largest value of each unit over the text (Collobert & Weston
    2008; Conneau et al. 2017). `mean`: its mean. `attention`: Σ a_t h_t, with a the softmax over the text of
    v · tanh(W h_t + b) (Yang et al. 2016, eqs. 5 to 7). Padding has no part in any of them.
    """

    def __init__(self, kind: PoolingKind, units: int, directions: int):
        super().__init__()
        self.kind, self._directions = kind, directions
        if kind == "attention":
            self.hidden = nn.Linear(units, units)
            self.query = nn.Linear(units, 1, bias=False)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """`lengths` [texts] is from 1 up to the number of places."""
        if self.kind == "final":
            return final_states(states, lengths, self._directions)
        here = is_token(lengths, states.shape[1])[:, :, None]
        if self.kind == "max":
            return states.masked_fill(~here, -torch.inf).amax(dim=1)
        if self.kind == "mean":
            return (states * here).sum(dim=1) / lengths[:, None]
        scores = self.query(torch.tanh(self.hidden(states))).masked_fill(~here, -torch.inf)
        return (scores.softmax(dim=1) * states).sum(dim=1)
