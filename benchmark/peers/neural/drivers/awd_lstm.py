"""salesforce/awd-lstm-lm: its `model.RNNModel` and `splitcross` loss, trained as its `main.py` does.

Its regularisation (weight-drop, activation penalties, weight decay, changing unroll) is off here, so that
it computes the same as the others; its dropout masks are still locked over time.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import Any

import torch
from torch import Tensor

from benchmark.peers.neural.drivers.driver import TYPES, PeerNetwork, Task, cut, imported, run


class AwdLstm(PeerNetwork):
    """`RNNModel(rnn_type, ntoken, ninp, nhid, nlayers, dropout × 3, dropoute, wdrop, tie_weights)`."""

    parameter = "rnns.{layer}.{name}_l0"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        sizes = (task["vocabulary"], task["embedding_size"], task["hidden_size"], task["layers"])
        dropout = (task["dropout"],) * 3
        with redirect_stdout(sys.stderr):  # it prints its modules
            self.model = imported("model").RNNModel(
                TYPES[task["kind"]], *sizes, *dropout, 0.0, 0.0, task["tied"]
            )
        splitcross = imported("splitcross").SplitCrossEntropyLoss
        self._loss = splitcross(task["embedding_size"], splits=[], verbose=False)
        self._parameters = [*self.model.parameters(), *self._loss.parameters()]
        self._optimiser = torch.optim.SGD(self._parameters, lr=task["learning_rate"])

    def step(self, inputs: Tensor, targets: Tensor, hidden: Any) -> tuple[float, Any]:
        self._optimiser.zero_grad()
        with self.arithmetic.forward():
            loss, hidden = self._forward(inputs, targets, cut(hidden))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, self.task["clip"])
        self._optimiser.step()
        return loss.item(), hidden

    def loss(self, inputs: Tensor, targets: Tensor, hidden: Any) -> tuple[float, Any]:
        loss, hidden = self._forward(inputs, targets, hidden)
        return loss.item(), hidden

    def _forward(self, inputs: Tensor, targets: Tensor, hidden: Any) -> tuple[Tensor, Any]:
        features, hidden = self.model(inputs, hidden)
        decoder = self.model.decoder
        return self._loss(decoder.weight, decoder.bias, features, targets), hidden


if __name__ == "__main__":
    run(AwdLstm)
