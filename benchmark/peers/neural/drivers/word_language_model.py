"""The `word_language_model` of pytorch/examples: its `model.RNNModel`, trained as its `main.py` does.

That is: log-probabilities of the whole vocabulary, their mean loss, one step of plain gradient descent
on a clipped gradient, and the loss read after each step.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmark.peers.neural.drivers.driver import TYPES, Peer, Task, cut, imported, run


class WordLanguageModel(Peer):
    """`RNNModel(rnn_type, ntoken, ninp, nhid, nlayers, dropout, tie_weights)`."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        sizes = (task["vocabulary"], task["embedding_size"], task["hidden_size"], task["layers"])
        self._model = imported("model").RNNModel(TYPES[task["kind"]], *sizes, task["dropout"], task["tied"])

    def network(self) -> torch.nn.Module:
        model: torch.nn.Module = self._model
        return model

    def names(self, layers: int) -> dict[str, str]:
        names = {"embedding": "encoder.weight", "output.bias": "decoder.bias"}
        if not self.task["tied"]:
            names["output.weight"] = "decoder.weight"
        for layer in range(layers):
            names[f"{layer}.input"] = f"rnn.weight_ih_l{layer}"
            names[f"{layer}.recurrent"] = f"rnn.weight_hh_l{layer}"
            names[f"{layer}.input_bias"] = f"rnn.bias_ih_l{layer}"
            names[f"{layer}.recurrent_bias"] = f"rnn.bias_hh_l{layer}"
        return names

    def first_state(self, rows: int) -> Any:
        return self._model.init_hidden(rows)

    def step(self, inputs: Tensor, targets: Tensor, hidden: Any) -> tuple[float, Any]:
        self._model.zero_grad()
        log_probs, hidden = self._model(inputs, cut(hidden))
        loss = F.nll_loss(log_probs, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), self.task["clip"])
        for parameter in self._model.parameters():
            parameter.data.add_(parameter.grad, alpha=-self.task["learning_rate"])
        return loss.item(), hidden

    def loss(self, inputs: Tensor, targets: Tensor, hidden: Any) -> tuple[float, Any]:
        log_probs, hidden = self._model(inputs, hidden)
        return F.nll_loss(log_probs, targets).item(), hidden


if __name__ == "__main__":
    run(WordLanguageModel)
