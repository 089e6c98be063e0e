"""What all neural baselines share: training, scoring, saving and loading, whatever the architecture."""

import inspect
import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import load_file, save_file

from baselines.devices import device_if_there, pick_device
from baselines.neural import scoring
from baselines.neural.inside import OpenNetwork
from baselines.neural.network import Network
from baselines.neural.output.kinds import Output
from baselines.neural.reader import NetworkReader
from baselines.neural.training.initialise import initialise
from baselines.neural.training.loop import Material
from baselines.neural.training.loop import train as train_network
from baselines.neural.training.recipe import Training
from baselines.saving import settings_of
from benchmark.contract import (
    Computation,
    Context,
    LanguageModel,
    ModelSize,
    Operations,
    Reader,
    RunLog,
    TokenStream,
    Vocabulary,
    after_last_end,
)
from benchmark.errors import UserError
from benchmark.inside import Inside

WEIGHTS, OPTIONS = "weights.safetensors", "options.json"


def check_tied(tied: bool, embedding_size: int, hidden_size: int) -> None:
    """Raise UserError if embedding and output are to share a matrix but the sizes differ."""
    if tied and embedding_size != hidden_size:
        raise UserError(
            f"model.tied=true needs model.embedding_size ({embedding_size}) to equal model.hidden_size "
            f"({hidden_size}): the output uses the embedding matrix. Make them equal or set model.tied=false"
        )


@dataclass(kw_only=True, eq=False)
class NeuralModel(LanguageModel):
    """A neural language model. A subclass declares its settings and implements `build`; the rest is given.

    A subclass is a keyword-only dataclass. Its fields, with their defaults, are the settings that its
    `conf/model/*.yaml` lists:

        @dataclass(kw_only=True, eq=False)
        class FadingWords(NeuralModel):
            width: Annotated[int, Field(ge=1)] = 100

            def build(self, vocabulary: Vocabulary) -> Network:
                return FadingNetwork(vocabulary, self.width, self.output)

    `build` returns an untrained `Network` on the CPU; the recipe draws its weights later. What a network
    computes, in which shapes, is documented in `baselines.neural.network.Network`. `Annotated` bounds a
    setting, and an optional `__post_init__` may raise UserError if settings do not fit each other.
    `examples/baselines/fading_words.py` is the whole example.

    Given for free, besides the whole contract of `LanguageModel`:

    - training by any recipe (`training`, `conf/train/*.yaml`): optimisers, schedules, validation,
      checkpoints, recovery from divergence, and several processes under `torchrun`;
    - any output layer (`output`, `conf/output/*.yaml`), with a tied or a separate matrix: `build` passes
      `self.output` on to `Network.__init__`;
    - exact scores with the history of the whole `stream` or of the `sentence`, by `context`;
    - saving and loading: settings as JSON, parameters as safetensors. Buffers are not saved, so the
      network's constructor must compute them.

    On a CPU with a given number of threads, `seed` alone determines the weights. Global random state is
    neither read nor changed.
    """

    family = "neural"

    context: Context = "stream"
    output: Output = field(default_factory=Output)
    training: Training = field(default_factory=Training)
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    device: str = "auto"

    def __init_subclass__(cls, **options: Any) -> None:
        """Raises TypeError if a setting would hide a method or property, such as `size` or `save`."""
        super().__init_subclass__(**options)
        for name in inspect.get_annotations(cls):
            taken = getattr(NeuralModel, name, None)
            if callable(taken) or isinstance(taken, property):
                raise TypeError(
                    f"{cls.__name__}.{name}: NeuralModel.{name} exists, so no setting can be called so"
                )

    @abstractmethod
    def build(self, vocabulary: Vocabulary) -> Network:
        """The untrained network for a vocabulary, on the CPU."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        device = pick_device(self.device)
        self._vocabulary = train.vocabulary
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            self._network = self._drawn(train.vocabulary)
            self._network.to(device)
            material = Material(train, valid, self.context, self.seed)
            self.trained_on = train_network(self._network, self.training, material, log)
        self._network.eval()
        self.scored_on = scoring.computation(self._network, self.context)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        scores, self.scored_on = scoring.score(self._fitted(), stream, self.context)
        return scores

    def log_probs_by_line(self, stream: TokenStream) -> np.ndarray:
        """See `LanguageModel`. Many lines are read side by side, each from the network's initial state."""
        return scoring.score_lines(self._fitted(), stream)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        network = self._fitted()
        if self.context == "sentence":
            contexts = [after_last_end(context, self._vocabulary) for context in contexts]
        if network.memory is not None:
            contexts = [context[-network.memory :] for context in contexts]
        return scoring.next_distribution(network, contexts, len(self._vocabulary))

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """See `LanguageModel`. Reads the stream once."""
        return scoring.distributions(self._fitted(), stream, self.context, places, rows)

    def reader(self) -> Reader:
        """See `LanguageModel`. Each token takes one step of the network, however long the text is."""
        return NetworkReader(self._fitted(), self._vocabulary.end if self.context == "sentence" else None)

    def operations(self) -> Operations | None:
        """Those of the features and of the output (see `Network.operations`); in training three times those
        forward, since a product has a gradient by each of its two factors (Kaplan et al. 2020, section 2.1).

        With scheduled sampling, words are read twice, and half as many are drawn on average as at the end.
        Not known in training if the loss changes with the budget and the budget is not one of tokens.
        """
        network, counts = self._fitted(), self._vocabulary.counts
        features, output = network.operations(), network.output
        shares = self.output.exact_from is None or (
            self.training.seconds is None and self.training.patience is None
        )
        train = 3 * (features + output.loss_operations(counts))
        if self.training.scheduled_sampling:
            train += features + self.training.scheduled_sampling / 2 * output.operations(counts)
        return Operations(score=features + output.operations(counts), train=train if shares else None)

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
        data = {
            "arguments": self._arguments(),
            "trained_on": asdict(self.trained_on),
            "vocabulary": vocabulary,
        }
        (folder / OPTIONS).write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """The model that `save` wrote, on the device it was trained on if there is one, otherwise on the CPU.

        Raises UserError if it was trained with another vocabulary.
        """
        data = json.loads((folder / OPTIONS).read_text(encoding="utf-8"))
        known = data["vocabulary"]
        if known != {"size": len(vocabulary), "sha256": vocabulary.digest}:
            raise UserError(
                f"{folder / WEIGHTS} was trained on another vocabulary ({known['size']:,} tokens, "
                f"not these {len(vocabulary):,}): load it with the corpus it was trained on"
            )
        arguments = data["arguments"]
        blocks = {"training": Training(**arguments["training"]), "output": Output(**arguments["output"])}
        model = cls(**{**arguments, **blocks})
        device = device_if_there(model.device)
        network = model.build(vocabulary)
        weights = load_file(folder / WEIGHTS)
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(weights[name])
        model._vocabulary, model._network = vocabulary, network.to(device).eval()
        model.trained_on = Computation(**data.get("trained_on", {}))
        model.scored_on = scoring.computation(model._network, model.context)
        return model

    def inside(self) -> Inside:
        """See `benchmark.inside.HasInside`."""
        return OpenNetwork(self._fitted(), type(self).__name__)

    def untrained(self, vocabulary: Vocabulary) -> Inside:
        """See `benchmark.inside.HasInside`."""
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            return OpenNetwork(self._drawn(vocabulary), type(self).__name__)

    @property
    def network(self) -> Network:
        """The trained network, for models that adapt it. Raises RuntimeError before `fit` or `load`."""
        return self._fitted()

    def _drawn(self, vocabulary: Vocabulary) -> Network:
        """The network with its first weights, on the CPU. Seeds torch's generators."""
        torch.manual_seed(self.seed)
        network = self.build(vocabulary)
        initialise(network, self.training, vocabulary)
        return network

    def _fitted(self) -> Network:
        if not hasattr(self, "_network"):
            raise RuntimeError(f"{type(self).__name__} has no weights yet: fit or load it first")
        return self._network

    def _arguments(self) -> dict[str, Any]:
        """The constructor's arguments as JSON values."""
        return {
            **settings_of(self),
            "training": asdict(self.training),
            "output": asdict(self.output),
        }
