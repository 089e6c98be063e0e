"""A network that reuses training: `NeuralModel` trains, scores, saves and loads."""

from dataclasses import dataclass

import torch
from torch import nn

from baselines.neural.model import NeuralModel
from baselines.neural.network import Network


class FadingNetwork(Network):
    """Features tanh(W m + b), m ← σ(f) ⊙ m + x: each word's embedding x is added, and older ones fade."""

    def __init__(self, vocabulary, width, output):
        super().__init__(vocabulary, width, width, tied=True, output=output)
        self.fade = nn.Parameter(torch.zeros(width))
        self.hidden = nn.Linear(width, width)

    def initial_state(self, rows):
        return (self.zeros(rows, len(self.fade)),)

    def forward(self, tokens, state):
        (memory,), memories = state, []
        for embeddings in self.embed(tokens):  # [rows, width], one time step after the other
            memory = torch.sigmoid(self.fade) * memory + embeddings
            memories.append(memory)
        return torch.tanh(self.hidden(torch.stack(memories))), (memory,)


@dataclass(kw_only=True, eq=False)
class FadingWords(NeuralModel):
    """The language model of `FadingNetwork`; its fields are its settings."""

    width: int = 100

    def build(self, vocabulary):
        return FadingNetwork(vocabulary, self.width, self.output)
