"""What the peers' drivers share: the task, its batches, the clock and the JSON at the end.

    python -m benchmark.peers.neural.drivers.NAME FOLDER TASK.json

The task is the same as that of our own program (`python -m baselines.neural`), but `weights` are read
here, and `evaluation_rows` says in how many rows the evaluation stream is scored. `precision` is null
for torch's defaults, with which the peer was published, or what `drivers.arithmetic` knows. Other settings of
torch, such as cuDNN's benchmarks, keep their defaults here and in our program.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from benchmark.peers.neural.drivers.arithmetic import Arithmetic

Task = dict[str, Any]
#: Torch's names of recurrent modules by ours.
TYPES = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN_TANH"}

#: Torch's names of a recurrent layer's parameters by ours.
RECURRENT = {
    "input": "weight_ih",
    "recurrent": "weight_hh",
    "input_bias": "bias_ih",
    "recurrent_bias": "bias_hh",
}


class PeerNetwork(ABC):
    """A peer's network, which trains and scores in its own way. `task` says what to do.

    `model` is an instance of its class `RNNModel`, which has an `encoder`, recurrent layers, a `decoder`,
    and `init_hidden` for the first state. `parameter` is the pattern of its names of the recurrent layers'
    parameters, with `{name}` and `{layer}`.
    """

    parameter: ClassVar[str]
    model: Any

    def __init__(self, task: Task) -> None:
        self.task = task
        self.device = torch.device(task["device"])
        self.arithmetic = Arithmetic(task["precision"], self.device, task["kind"])

    def names(self, layers: int) -> dict[str, str]:
        """Its names of all parameters by those in the file of weights."""
        names = {"embedding": "encoder.weight", "output.bias": "decoder.bias"}
        if not self.task["tied"]:
            names["output.weight"] = "decoder.weight"
        for layer in range(layers):
            for neutral, name in RECURRENT.items():
                names[f"{layer}.{neutral}"] = self.parameter.format(layer=layer, name=name)
        return names

    @abstractmethod
    def step(self, inputs: Tensor, targets: Tensor, hidden: Any) -> tuple[float, Any]:
        """One update on inputs [time, rows] and targets [time · rows]: mean loss and the next state.

        The forward pass and the loss are computed in the context `arithmetic.forward()`.
        """

    @abstractmethod
    def loss(self, inputs: Tensor, targets: Tensor, hidden: Any) -> tuple[float, Any]:
        """The same as `step`, without learning."""

    def first_state(self, rows: int) -> Any:
        """The state before the first token."""
        return self.model.init_hidden(rows)

    def load(self, path: str) -> None:
        """Replace its weights by those in a file."""
        weights = load_file(path)
        own = dict(self.model.named_parameters())
        names = {name: own[its] for name, its in self.names(self.task["layers"]).items()}
        if set(names) != set(weights) or len(own) != len(names):
            raise SystemExit(f"its parameters are others than ours: {sorted(own)}")
        with torch.no_grad():
            for name, parameter in names.items():
                if parameter.shape != weights[name].shape:
                    raise SystemExit(f"{name}: {list(parameter.shape)}, ours {list(weights[name].shape)}")
                parameter.copy_(weights[name])

    def train(self, source: Tensor) -> tuple[list[float], list[float]]:
        """One pass over source [time + 1, rows]: the mean loss and the seconds of each block of steps."""
        unroll, block = self.task["unroll"], self.task["block"]
        hidden = self.first_state(source.shape[1])
        self.model.train()
        losses: list[float] = []
        means: list[float] = []
        times = [self._now()]
        for first in range(0, len(source) - 1, unroll):
            loss, hidden = self.step(*_batch(source, first, unroll), hidden)
            losses.append(loss)
            if len(losses) == block:
                means.append(float(np.mean(losses)))
                losses.clear()
                times.append(self._now())
        return means, np.diff(times).tolist()

    def timed_evaluation(self, source: Tensor) -> tuple[float, float]:
        """The loss that `evaluate` returns, and the seconds that it takes after a warm-up."""
        self.evaluate(source[: len(source) // 10 + 2])
        begun = self._now()
        loss = self.evaluate(source)
        return loss, self._now() - begun

    def _now(self) -> float:
        """The clock, once the device has done all that it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    @torch.no_grad()
    def evaluate(self, source: Tensor) -> float:
        """The mean loss (nats a token) of source [time + 1, rows], with the state carried along each row."""
        total, hidden = 0.0, self.first_state(source.shape[1])
        self.model.eval()
        for first in range(0, len(source) - 1, self.task["unroll"]):
            inputs, targets = _batch(source, first, self.task["unroll"])
            loss, hidden = self.loss(inputs, targets, hidden)
            total += len(inputs) * loss
        return total / (len(source) - 1)


def imported(name: str) -> ModuleType:
    """A module of the user's folder, which comes first on the path."""
    return importlib.import_module(name)


def cut(hidden: Any) -> Any:
    """A state (tensors in lists or tuples) detached from the graph that computed it."""
    return hidden.detach() if isinstance(hidden, Tensor) else type(hidden)(map(cut, hidden))


def run(peer: type[PeerNetwork], arguments: Sequence[str] | None = None) -> None:
    """Carry out the task of the command line and print one JSON object."""
    folder, path = sys.argv[1:] if arguments is None else arguments
    task: Task = json.loads(Path(path).read_text(encoding="utf-8"))
    sys.path.insert(0, folder)
    torch.set_num_threads(task["threads"])
    torch.manual_seed(task["seed"])
    one = peer(task)
    one.model.to(one.device)
    one.load(task["weights"])
    source = _side_by_side(np.load(task["train"], allow_pickle=False), task["batch"])
    with one.arithmetic.training():
        losses, seconds = one.train(source.to(one.device))
    device_memory = torch.cuda.max_memory_allocated(one.device) if one.device.type == "cuda" else None
    counted = seconds[task["warmup"] :]
    tokens = len(counted) * task["block"] * task["batch"] * task["unroll"]
    text = _side_by_side(np.load(task["evaluation"], allow_pickle=False), task["evaluation_rows"])
    with one.arithmetic.scoring():
        loss, scoring = one.timed_evaluation(text.to(one.device))
    printed = {
        "losses": losses,
        "train_tokens_per_second": tokens / sum(counted) if counted else None,
        "score_tokens_per_second": (len(text) - 1) * text.shape[1] / scoring,
        "evaluation_loss": loss,
        "parameters": sum(parameter.numel() for parameter in one.model.parameters()),
        "peak_device_bytes": device_memory,
        "device": str(next(one.model.parameters()).device),
        "device_name": torch.cuda.get_device_name(one.device) if one.device.type == "cuda" else None,
        "train_arithmetic": one.arithmetic.said_of_training,
        "score_arithmetic": one.arithmetic.said_of_scoring,
        "torch": torch.__version__,
    }
    print(json.dumps(printed))


def _side_by_side(ids: np.ndarray, rows: int) -> Tensor:
    """Ids, the first of which is only history, as [time + 1, rows].

    Rows overlap by one id, so that no target is lost between them. What does not divide by the number of
    rows is dropped at the end.
    """
    columns = (len(ids) - 1) // rows
    starts = columns * np.arange(rows)
    return torch.from_numpy(ids[starts[None, :] + np.arange(columns + 1)[:, None]].astype(np.int64))


def _batch(source: Tensor, first: int, unroll: int) -> tuple[Tensor, Tensor]:
    stop = min(first + unroll, len(source) - 1)
    return source[first:stop], source[first + 1 : stop + 1].reshape(-1)
