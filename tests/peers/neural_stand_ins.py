"""Small checkouts that stand in for the peers' own, with the same interface, and programs that print."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmark.peers.neural.contestants import NeuralContestant

#: As word_language_model's: log-probabilities of all places, and the state after the last.
EXAMPLE = """
import torch
from torch import nn

class RNNModel(nn.Module):
    def __init__(self, rnn_type, ntoken, ninp, nhid, nlayers, dropout=0.5, tie_weights=False):
        super().__init__()
        kinds = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN_TANH": nn.RNN}
        self.encoder, self.decoder = nn.Embedding(ntoken, ninp), nn.Linear(nhid, ntoken)
        self.rnn = kinds[rnn_type](ninp, nhid, nlayers)
        if tie_weights:
            self.decoder.weight = self.encoder.weight

    def forward(self, tokens, state):
        features, state = self.rnn(self.encoder(tokens), state)
        return torch.log_softmax(self.decoder(features).flatten(0, 1), 1), state

    def init_hidden(self, rows):
        zeros = self.decoder.bias.new_zeros(self.rnn.num_layers, rows, self.rnn.hidden_size)
        return (zeros, zeros) if isinstance(self.rnn, nn.LSTM) else zeros
"""
#: As awd-lstm-lm's: a module a layer, features of all places, and the loss elsewhere.
AWD = """
from torch import nn

class RNNModel(nn.Module):
    def __init__(self, rnn_type, ntoken, ninp, nhid, nlayers, dropout, dropouth, dropouti, dropoute, wdrop,
                 tie_weights):
        super().__init__()
        print("a line that is no JSON")
        self.encoder, self.decoder = nn.Embedding(ntoken, ninp), nn.Linear(nhid, ntoken)
        kind = getattr(nn, rnn_type)
        self.rnns = nn.ModuleList([kind(nhid if layer else ninp, nhid) for layer in range(nlayers)])
        if tie_weights:
            self.decoder.weight = self.encoder.weight

    def forward(self, tokens, states):
        x, after = self.encoder(tokens), []
        for rnn, state in zip(self.rnns, states):
            x, last = rnn(x, state)
            after.append(last)
        return x.flatten(0, 1), after

    def init_hidden(self, rows):
        zeros = self.decoder.bias.new_zeros(1, rows, self.rnns[0].hidden_size)
        return [(zeros, zeros) if isinstance(rnn, nn.LSTM) else zeros for rnn in self.rnns]
"""
SPLITCROSS = """
from torch import nn
from torch.nn import functional as F

class SplitCrossEntropyLoss(nn.Module):
    def __init__(self, hidden_size, splits, verbose=False):
        super().__init__()

    def forward(self, weight, bias, hiddens, targets):
        return F.cross_entropy(F.linear(hiddens, weight, bias), targets)
"""
#: Ends two epochs, and would go on for long.
MAIN = """
import os, sys, time
arguments = sys.argv[1:]
folder = arguments[arguments.index("--data") + 1]
assert all(os.path.getsize(os.path.join(folder, f"{split}.txt")) for split in ("train", "valid", "test"))
for epoch, perplexity in enumerate((150.0, 9.5), start=1):
    print(f"| end of epoch {epoch:3d} | time:  0.10s | valid loss  2.25 | valid ppl {perplexity:8.2f}")
time.sleep(600)
"""


def example(folder: Path, code: str = EXAMPLE) -> Path:
    """A folder like the checkout of word_language_model."""
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(code, encoding="utf-8")
    (folder / "main.py").write_text(MAIN, encoding="utf-8")
    return folder


def awd(folder: Path) -> Path:
    """A folder like the checkout of awd-lstm-lm."""
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(AWD, encoding="utf-8")
    (folder / "splitcross.py").write_text(SPLITCROSS, encoding="utf-8")
    return folder


class Printing(NeuralContestant):
    """A program without torch: appends its task to a file and prints figures, or runs other `code`.

    Its rates are `rate` times how often it ran; `figures` replace what it prints.
    """

    def __init__(self, name: str, folder: Path, rate: float = 1.0, code: str = "", **figures: Any) -> None:
        self.name, self.title = name, name.capitalize()
        self.log, self.script = folder / f"{name}.log", folder / f"{name}.py"
        self.script.write_text(
            "import json, sys\n"
            f"open({str(self.log)!r}, 'a').write(open(sys.argv[1]).read().replace('\\n', '') + '\\n')\n"
            f"ran = len(open({str(self.log)!r}).readlines())\n"
            f"{code}\n"
            "task = json.load(open(sys.argv[1]))\n"
            f"figures = dict(losses=[5.0] * 30, train_tokens_per_second={rate} * ran, torch='2.0',\n"
            f"               score_tokens_per_second={rate * 10} * ran, evaluation_loss=5.5)\n"
            f"print(json.dumps(figures | json.loads({json.dumps(figures)!r})))\n",
            encoding="utf-8",
        )

    def command(self, task: Path) -> list[str]:
        return [sys.executable, "-IS", str(self.script), str(task)]

    def tasks(self) -> list[dict[str, Any]]:
        """What it was asked to do, in order."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
