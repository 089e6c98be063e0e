"""Attention: which states of the encoder a state of the decoder looks at."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

#: How well a state of the decoder and one of the encoder fit each other; `none` is no attention.
AttentionKind = Literal["none", "dot", "additive"]


class Attention(nn.Module):
    """The mean of the encoder's states, weighted by how well each fits a state of the decoder.

    With query q (a state of the decoder) and keys k_s = K e_s (e_s the encoder's state at letter s):

        dot       score(q, s) = q · k_s / √A           Luong et al. 2015, "general"; Vaswani et al. 2017
        additive  score(q, s) = v · tanh(Q q + k_s)    Bahdanau et al. 2015

        a = softmax_s score(q, s),    context = Σ_s a_s e_s

    Letters beyond a word's end weigh 0. As in Luong et al., the context is mixed into the decoder's output
    and is not fed back to its next step, so that all steps of training are computed at once.
    """

    def __init__(self, kind: AttentionKind, query_size: int, state_size: int):
        super().__init__()
        self.kind = kind
        self.keys = nn.Linear(state_size, query_size, bias=False)
        if kind == "additive":
            self.query = nn.Linear(query_size, query_size)
            self.score = nn.Linear(query_size, 1, bias=False)

    def weights(self, queries: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        """Weights [words, steps, letters] of `queries` [words, steps, Q] over `states` [words, letters, E].

        `mask` bool [words, letters] is true at the letters of each word. The weights of a step sum to one.
        """
        keys = self.keys(states)
        if self.kind == "dot":
            scores = queries @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5
        else:
            mixed = torch.tanh(self.query(queries)[:, :, None] + keys[:, None])
            scores = self.score(mixed).squeeze(-1)
        return scores.masked_fill(~mask[:, None], -torch.inf).softmax(dim=-1)

    def forward(self, queries: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        """The context of each query: [words, steps, E]."""
        return self.weights(queries, states, mask) @ states
