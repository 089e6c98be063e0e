"""The speed of training and scoring, measured with the same training loop and scoring that runs use."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import save_file
from torch import Tensor

from baselines.devices import pick_device
from baselines.neural.architectures.recurrent import Gru, Lstm, Recurrent, Rnn
from baselines.neural.network import Network
from baselines.neural.training.initialise import initialise
from baselines.neural.training.recipe import PrecisionSetting, Training
from benchmark.contract import RunLog, TokenStream, Vocabulary
from benchmark.errors import UserError

Count = Annotated[int, Field(ge=1)]
KINDS: dict[str, type[Recurrent]] = {"lstm": Lstm, "gru": Gru, "rnn": Rnn}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A network and its training by plain stochastic gradient descent.

    `train` and `evaluation` are .npy files of ids below `vocabulary`. The first id is history only; each
    one after it is a target. Training makes one pass over `train`. The loss is reported every `block` steps
    of `batch` rows × `unroll` tokens, and the speed is measured from the end of block `warmup` on. The
    initial weights are written to `weights` (null: not written) as `with_neutral_names` names them.
    """

    kind: Literal["lstm", "gru", "rnn"]
    layers: Count
    embedding_size: Count
    hidden_size: Count
    tied: bool
    dropout: Annotated[float, Field(ge=0, lt=1)]
    batch: Count
    unroll: Count
    learning_rate: Annotated[float, Field(gt=0)]
    clip: Annotated[float, Field(gt=0)]
    vocabulary: Count
    train: Path
    evaluation: Path
    block: Count
    warmup: Annotated[int, Field(ge=0)]
    weights: Path | None
    precision: PrecisionSetting
    threads: Count
    device: str
    seed: Annotated[int, Field(ge=0)]

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def model(self) -> Recurrent:
        """The untrained model. Raises UserError if the sizes do not fit each other."""
        tokens = self.batch * self.unroll * self.block
        training = Training(
            optimiser="sgd",
            learning_rate=self.learning_rate,
            schedule="constant",
            clip=self.clip,
            batch=self.batch,
            unroll=self.unroll,
            epochs=1,
            precision=self.precision,
            recoveries=0,
            validate_every=tokens,  # there is nothing to validate, but the loss is reported then
        )
        return KINDS[self.kind](
            layers=self.layers,
            embedding_size=self.embedding_size,
            hidden_size=self.hidden_size,
            tied=self.tied,
            dropout=self.dropout,
            context="stream",
            training=training,
            seed=self.seed,
            device=self.device,
        )


class _Reports(RunLog):
    """Collects what training reports: tokens so far, the mean loss since the last report, and the time."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.tokens: list[int] = []
        self.losses: list[float] = []
        self.times = [_now(device)]

    def progress(self, done: int, total: int, **figures: float) -> None:
        self.tokens.append(done)
        self.losses.append(figures["loss"])
        self.times.append(_now(self._device))


def _now(device: torch.device) -> float:
    """The clock, once the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def measure(task: Task) -> dict[str, Any]:
    """Train and score; return the mean loss of each block (nats per token), both speeds and the final loss.

    Also returned: what it was computed on and in which arithmetic, and the most memory that tensors held on
    a CUDA device in training. Raises UserError if the ids cannot be read.
    """
    torch.set_num_threads(task.threads)
    device = pick_device(task.device)
    train, evaluation = _ids(task.train, task.vocabulary), _ids(task.evaluation, task.vocabulary)
    model = task.model()
    vocabulary = _vocabulary(train, task.vocabulary)
    if task.weights is not None:
        save_file(with_neutral_names(initial_network(model, vocabulary)), task.weights)
    reports = _Reports(device)
    nothing = TokenStream.from_ids(train[:0], vocabulary)
    model.fit(TokenStream.from_ids(train[1:], vocabulary), nothing, reports)
    device_memory = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    seconds = np.diff(reports.times)[task.warmup :]
    tokens = np.diff([0, *reports.tokens])[task.warmup :]
    stream = TokenStream.from_ids(evaluation[1:], _vocabulary(evaluation, task.vocabulary))
    model.log_probs(TokenStream.from_ids(stream.ids[: len(stream) // 10 + 1], stream.vocabulary))  # warm up
    begun = _now(device)
    scores = model.log_probs(stream)
    scoring = _now(device) - begun
    return {
        "losses": reports.losses,
        "train_tokens_per_second": float(tokens.sum() / seconds.sum()) if len(seconds) else None,
        "score_tokens_per_second": len(stream) / scoring,
        "evaluation_loss": -float(scores.mean(dtype=np.float64)),
        "parameters": model.size().parameters,
        "peak_device_bytes": device_memory,
        "device": model.scored_on.device,
        "device_name": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
        "train_arithmetic": model.trained_on.dtype,
        "score_arithmetic": model.scored_on.dtype,
        "torch": torch.__version__,
    }


def initial_network(model: Recurrent, vocabulary: Vocabulary) -> Network:
    """A network with the initial weights of `model.fit`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(model.seed)
        network = model.build(vocabulary)
        initialise(network, model.training, vocabulary)
    return network


def with_neutral_names(network: Network) -> dict[str, Tensor]:
    """The weights of a plain recurrent network under neutral names, in the layout of torch's own modules.

    `embedding` [vocabulary, embedding]; `output.weight` [vocabulary, hidden] unless it is the embedding;
    `output.bias`; for each layer, counted from 0, `LAYER.input`, `LAYER.recurrent` (one block of rows per
    gate), `LAYER.input_bias` and `LAYER.recurrent_bias`. Raises UserError if the network holds anything
    else.
    """
    names = ("input", "recurrent", "input_bias", "recurrent_bias")
    weights: dict[str, Tensor] = {}
    layers: list[Tensor] = []
    for name, parameter in network.named_parameters():
        if parameter is network.embedding.weight:
            weights["embedding"] = parameter.detach()
        elif name.startswith("output."):
            weights["output.bias" if parameter.dim() == 1 else "output.weight"] = parameter.detach()
        else:
            layers.append(parameter.detach())
    if [layer.dim() for layer in layers] != [2, 2, 1, 1] * (len(layers) // 4):
        raise UserError("a layer is not two matrices and two biases: its weights have no neutral names")
    for place, layer in enumerate(layers):
        weights[f"{place // 4}.{names[place % 4]}"] = layer
    return {name: weight.contiguous() for name, weight in weights.items()}


def _ids(path: Path, vocabulary: int) -> np.ndarray:
    """Read a file of ids. Raises UserError if it is not one, or holds an id outside the vocabulary."""
    try:
        ids = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read ids from {path}: {error}") from error
    if (
        ids.ndim != 1
        or ids.dtype.kind not in "iu"
        or len(ids) < 2
        or not 0 <= ids.min() <= ids.max() < vocabulary
    ):
        raise UserError(f"{path.name}: give two or more ids, integers from 0 to {vocabulary - 1:,}")
    return ids


def _vocabulary(ids: np.ndarray, size: int) -> Vocabulary:
    """A vocabulary of numbers. The first id is the history of the first target, so it becomes `</s>`."""
    words = [str(index) for index in range(size)]
    words[int(ids[0])] = "</s>"
    return Vocabulary(tuple(words), np.bincount(ids[1:], minlength=size))
