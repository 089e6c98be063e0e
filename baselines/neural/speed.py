"""The speed of training and of scoring, measured on the training loop and the scoring that runs use."""

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

from baselines.neural.architectures.recurrent import Gru, Lstm, Recurrent, Rnn
from baselines.neural.network import Network
from baselines.neural.training.initialise import initialise
from baselines.neural.training.settings import Training
from benchmark.contract import RunLog, TokenStream, Vocabulary
from benchmark.errors import UserError

Count = Annotated[int, Field(ge=1)]
KINDS: dict[str, type[Recurrent]] = {"lstm": Lstm, "gru": Gru, "rnn": Rnn}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A network and plain stochastic gradient descent by truncated back-propagation.

    `train` and `evaluation` are .npy files of ids below `vocabulary`: the first id is only history, each
    one after it a target. One pass is made over `train`; the loss is reported every `block` steps of
    `batch` rows × `unroll` tokens, and the rate counts from the end of block `warmup` on. `weights` is
    where the weights are left that training starts from (null: nowhere), see `exported`.
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
    precision: Literal["auto", "float32", "tf32", "bfloat16"]
    threads: Count
    device: str
    seed: Annotated[int, Field(ge=0)]

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def model(self) -> Recurrent:
        """The untrained model. Raises UserError for sizes that do not fit together."""
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
            validate_every=tokens,  # nothing is validated, but this is when the loss is reported
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
    """What training reports: tokens done, the loss since the report before, and when."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.losses: list[float] = []
        self.times = [time.perf_counter()]

    def progress(self, done: int, total: int, **figures: float) -> None:
        self.tokens.append(done)
        self.losses.append(figures["loss"])
        self.times.append(time.perf_counter())


def measure(task: Task) -> dict[str, Any]:
    """Train and score: losses (nats a token, a mean a block), tokens a second, the evaluation's loss.

    Raises UserError where the ids cannot be read.
    """
    torch.set_num_threads(task.threads)
    train, evaluation = _ids(task.train, task.vocabulary), _ids(task.evaluation, task.vocabulary)
    model = task.model()
    vocabulary = _vocabulary(train, task.vocabulary)
    if task.weights is not None:
        save_file(exported(drawn(model, vocabulary)), task.weights)
    reports = _Reports()
    nothing = TokenStream.from_ids(train[:0], vocabulary)
    model.fit(TokenStream.from_ids(train[1:], vocabulary), nothing, reports)
    seconds = np.diff(reports.times)[task.warmup :]
    tokens = np.diff([0, *reports.tokens])[task.warmup :]
    stream = TokenStream.from_ids(evaluation[1:], _vocabulary(evaluation, task.vocabulary))
    model.log_probs(TokenStream.from_ids(stream.ids[: len(stream) // 10 + 1], stream.vocabulary))  # warm up
    begun = time.perf_counter()
    scores = model.log_probs(stream)
    scoring = time.perf_counter() - begun
    return {
        "losses": reports.losses,
        "train_tokens_per_second": float(tokens.sum() / seconds.sum()) if len(seconds) else None,
        "score_tokens_per_second": len(stream) / scoring,
        "evaluation_loss": -float(scores.mean(dtype=np.float64)),
        "parameters": model.size().parameters,
        "device": model.scored_on.device,
        "torch": torch.__version__,
    }


def drawn(model: Recurrent, vocabulary: Vocabulary) -> Network:
    """A network with the weights that `model.fit` starts from."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(model.seed)
        network = model.build(vocabulary)
        initialise(network, model.training, vocabulary)
    return network


def exported(network: Network) -> dict[str, Tensor]:
    """The weights of a plain recurrent network under neutral names, laid out as torch's own modules are.

    `embedding` [vocabulary, embedding]; `output.weight` [vocabulary, hidden] unless it is the embedding;
    `output.bias`; of each layer, counted from 0, `LAYER.input`, `LAYER.recurrent` (a block of rows a
    gate), `LAYER.input_bias` and `LAYER.recurrent_bias`: the four in the order in which the network
    holds them. Raises UserError where it holds anything else.
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
        raise UserError("a layer is not two matrices and two biases: its weights have no common layout")
    for place, layer in enumerate(layers):
        weights[f"{place // 4}.{names[place % 4]}"] = layer
    return {name: weight.contiguous() for name, weight in weights.items()}


def _ids(path: Path, vocabulary: int) -> np.ndarray:
    """A file of ids. Raises UserError where it is none, or holds an id beyond the vocabulary."""
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
        raise UserError(f"{path.name}: give two or more ids, whole numbers from 0 to {vocabulary - 1:,}")
    return ids


def _vocabulary(ids: np.ndarray, size: int) -> Vocabulary:
    """Numbers as words; the first id is what stands before a stream's first target, `</s>`."""
    words = [str(index) for index in range(size)]
    words[int(ids[0])] = "</s>"
    return Vocabulary(tuple(words), np.bincount(ids[1:], minlength=size))
