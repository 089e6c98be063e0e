"""The `word_language_model` of pytorch/examples: its `model.RNNModel`, trained as its `main.py` does.

That is: log-probabilities of the whole vocabulary, their mean loss, one step of plain gradient descent
on a clipped gradient. The loss is read after each step.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmark.peers.neural.drivers.driver import TYPES, PeerNetwork, Task, cut, imported, run


class WordLanguageModel(PeerNetwork):
    """`RNNModel(rnn_type, ntoken, ninp, nhid, nlayers, dropout, tie_weights)`."""

    parameter = "rnn.{name}_l{layer}"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        sizes = (task["vocabulary"], task["embedding_size"], task["hidden_size"], task["layers"])
        self.model = imported("model").RNNModel(TYPES[task["kind"]], *sizes, task["dropout"], task["tied"])

    def step(self, inputs: Tensor, targets: Tensor, hidden: Any) -> tuple[float, Any]:
        self.model.zero_grad()
        with self.arithmetic.forward():
            log_probs, hidden = self.model(inputs, cut(hidden))
            loss = F.nll_loss(log_probs, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.task["clip"])
        for parameter in self.model.parameters():
            parameter.data.add_(parameter.grad, alpha=-self.task["learning_rate"])
        return loss.item(), hidden

    def loss(self, inputs: Tensor, targets: Tensor, hidden: Any) -> tuple[float, Any]:
        log_probs, hidden = self.model(inputs, hidden)
        return F.nll_loss(log_probs, targets).item(), hidden


if __name__ == "__main__":
    run(WordLanguageModel)
