"""What all neural baselines share: training, scoring, saving and loading, whatever the architecture."""

import json
import os
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import load_file, save_file

from baselines.neural import scoring
from baselines.neural.network import Network
from baselines.neural.output.kinds import Output
from baselines.neural.training.initialise import initialise
from baselines.neural.training.loop import Material
from baselines.neural.training.loop import train as train_network
from baselines.neural.training.precision import Precision
from baselines.neural.training.recipe import Training
from benchmark.contract import (
    Computation,
    Context,
    LanguageModel,
    ModelSize,
    RunLog,
    TokenStream,
    Vocabulary,
    after_last_end,
)
from benchmark.errors import UserError

WEIGHTS, OPTIONS = "weights.safetensors", "options.json"


def pick_device(name: str) -> torch.device:
    """A torch device by name. `auto` is a CUDA device if there is one, otherwise the CPU.

    `cuda` is the first CUDA device, or under `torchrun` that of this process's local rank. Raises UserError
    if the device cannot be used.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        name = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().split("\n")[0]
        raise UserError(
            f"device={name} cannot be used ({reason}). Choose device=cpu or device=auto"
        ) from error
    return device


def check_tied(tied: bool, embedding_size: int, hidden_size: int) -> None:
    """Raise UserError if embedding and output are to share a matrix but the sizes differ."""
    if tied and embedding_size != hidden_size:
        raise UserError(
            f"model.tied=true needs model.embedding_size ({embedding_size}) to equal model.hidden_size "
            f"({hidden_size}): the output uses the embedding matrix. Make them equal or set model.tied=false"
        )


@dataclass(kw_only=True, eq=False)
class NeuralModel(LanguageModel):
    """A neural language model. A subclass adds its settings and implements `build`; the rest is given.

    A subclass is a keyword-only dataclass whose fields, with their defaults, are the settings of its
    `conf/model/*.yaml`:

        @dataclass(kw_only=True, eq=False)
        class Averaging(NeuralModel):
            window: int = 8
            size: int = 128

            def build(self, vocabulary: Vocabulary) -> Network:
                return AveragingNetwork(vocabulary, self)

    `build` returns an untrained `Network` on the CPU; weights are drawn later by the recipe. What a network
    computes, and in which shapes, is said in `baselines.neural.network.Network`. An optional `__post_init__`
    may raise UserError if settings do not fit each other. `Annotated[int, Field(ge=1)]` bounds a setting.

    Given for free, besides the whole contract of `LanguageModel`:

    - training by the recipe `training` (`conf/train/*.yaml`): any optimiser and schedule, validation,
      checkpoints and recovery, several processes under `torchrun`;
    - every output layer (`output`, `conf/output/*.yaml`), tied or not: the network passes `self.output` of
      the model on to `Network.__init__`;
    - exact scores in either `context`: with the history of the whole `stream`, or of the `sentence` alone;
    - saving and loading: settings as JSON, parameters as safetensors. Buffers are not saved: `build` must
      compute them anew.

    On a CPU with a given number of threads, `seed` alone determines the weights. Global random state is
    neither read nor changed.
    """

    family: ClassVar = "neural"

    context: Context = "stream"
    output: Output = field(default_factory=Output)
    training: Training = field(default_factory=Training)
    seed: Annotated[int, Field(ge=0)] = 1
    device: str = "auto"

    @abstractmethod
    def build(self, vocabulary: Vocabulary) -> Network:
        """The untrained network for a vocabulary, on the CPU."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        device = pick_device(self.device)
        self._vocabulary = train.vocabulary
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(self.seed)
            self._network = self.build(train.vocabulary)
            initialise(self._network, self.training, train.vocabulary)
            self._network.to(device)
            material = Material(train, valid, self.context, self.seed)
            train_network(self._network, self.training, material, log)
        self._network.eval()
        self._describe_computation(device)

    def _describe_computation(self, device: torch.device) -> None:
        precision = Precision(self.training, device)
        self.trained_on = Computation(str(device), precision.dtype, self.training.batch)
        # sentences are scored in batches of like length, a stream as one row
        batch = 1 if self.context == "stream" else None
        self.scored_on = Computation(str(device), "float32", batch)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return scoring.score(self._fitted(), stream, self.context)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        network = self._fitted()
        if self.context == "sentence":
            contexts = [after_last_end(context, self._vocabulary) for context in contexts]
        if network.memory is not None:
            contexts = [context[-network.memory :] for context in contexts]
        return scoring.next_distribution(network, contexts, len(self._vocabulary))

    def size(self) -> ModelSize:
        parameters = list(self._fitted().parameters())  # a tied matrix comes once
        return ModelSize(
            bytes_in_memory=sum(p.numel() * p.element_size() for p in parameters),
            parameters=sum(p.numel() for p in parameters),
        )

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors and the constructor's arguments as JSON."""
        weights = {name: p.detach().cpu().contiguous() for name, p in self._fitted().named_parameters()}
        save_file(weights, folder / WEIGHTS)
        vocabulary = {"size": len(self._vocabulary), "sha256": self._vocabulary.digest}
        data = {"arguments": self._arguments(), "vocabulary": vocabulary}
        (folder / OPTIONS).write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """The model that `save` wrote, on the device it was trained on if there is one, otherwise on the CPU.

        Raises UserError if it was trained with another vocabulary.
        """
        data = json.loads((folder / OPTIONS).read_text(encoding="utf-8"))
        trained_on = data["vocabulary"]
        if trained_on != {"size": len(vocabulary), "sha256": vocabulary.digest}:
            raise UserError(
                f"{folder / WEIGHTS} was trained on another vocabulary ({trained_on['size']:,} tokens, "
                f"not these {len(vocabulary):,}): load it with the corpus it was trained on"
            )
        arguments = data["arguments"]
        blocks = {"training": Training(**arguments["training"]), "output": Output(**arguments["output"])}
        model = cls(**{**arguments, **blocks})
        try:
            device = pick_device(model.device)
        except UserError:
            device = torch.device("cpu")
        network = model.build(vocabulary)
        weights = load_file(folder / WEIGHTS)
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(weights[name])
        model._vocabulary, model._network = vocabulary, network.to(device).eval()
        model._describe_computation(device)
        return model

    @property
    def network(self) -> Network:
        """The trained network, for models that adapt it. Raises RuntimeError before `fit` or `load`."""
        return self._fitted()

    def _fitted(self) -> Network:
        if not hasattr(self, "_network"):
            raise RuntimeError(f"{type(self).__name__} has no weights yet: fit or load it first")
        return self._network

    def _arguments(self) -> dict[str, Any]:
        """The constructor's arguments as JSON values."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)} | {
            "training": asdict(self.training),
            "output": asdict(self.output),
        }
