"""Dynamic evaluation: the weights keep learning from the text that is scored."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self, assert_never

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import load_file, save_file
from torch import Tensor

from baselines.neural.adaptation.adapted import Adapted, in_blocks
from baselines.neural.adaptation.gradient_statistics import root_mean_squares
from baselines.neural.adaptation.online_learner import OnlineLearner
from baselines.neural.adaptation.update_rule import UpdateRule, restoring_weights
from benchmark.contract import ModelSize, Operations, RunLog, TokenStream, Vocabulary
from benchmark.errors import UserError

_SCALES = "scales.safetensors"
#: The decays that are tried at the chosen learning rate.
_DECAYS = (0.0, 1e-3, 1e-2)
#: The factor by which the search for a learning rate goes up or down, and the most steps it takes.
_FACTOR, _MOST_STEPS = 3.0, 6


@dataclass(kw_only=True, eq=False)
class DynamicEvaluation(Adapted):
    """p(x_t | x_1 … x_{t−1}) by weights that have been updated on the segments before t.

    Each complete segment of `segment` targets, counted from the beginning of the stream, is scored and then
    learnt from in one step, so a score depends on earlier targets alone. `optimiser` is plain `sgd` (Mikolov
    et al. 2010, sec. 2) or `rms` (Krause et al. 2018), whose steps are scaled by the gradients in
    `statistics_segments` minibatches of the training text. At each step both move the weights back towards
    the trained ones by `decay`. The formulas are those of `adaptation.update_rule.UpdateRule`.

    A `learning_rate` of null is chosen on the first lines of the validation split that hold
    `validation_targets`, going up or down by factors of three while that helps; then a `decay` of null is
    chosen from 0, 0.001 and 0.01. The trained weights are restored after every call. `next_log_probs` is
    slow, since it reads and learns from each context anew.

    After `fit`, `chosen` holds the learning rate and the decay.
    """

    version: ClassVar[int] = 1

    optimiser: Literal["sgd", "rms"] = "rms"
    segment: Annotated[int, Field(ge=1)] = 20
    learning_rate: Annotated[float, Field(ge=0)] | None = None
    decay: Annotated[float, Field(ge=0, le=1)] | None = None
    epsilon: Annotated[float, Field(gt=0)] = 1.0
    statistics_segments: Annotated[int, Field(gt=0)] = 200
    validation_targets: Annotated[int, Field(gt=0)] = 10_000

    chosen: dict[str, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._scales: list[Tensor] | None = None

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Fit the network, gather gradient statistics, choose the learning rate and the decay."""
        self._train = train
        super().fit(train, valid, log)
        del self._train

    def learn(self, valid: TokenStream, log: RunLog) -> None:
        match self.optimiser:
            case "sgd":
                first_rate = 0.3
            case "rms":
                first_rate = 3e-4
                self._scales = root_mean_squares(
                    self.network, self._train, self.of.context, self.segment, self.statistics_segments
                )
            case unknown:
                assert_never(unknown)
        part = valid.head(self.validation_targets)
        if not len(part) and (self.learning_rate is None or self.decay is None):
            raise UserError(
                "the validation split is empty, so no setting can be chosen on it: set model.learning_rate "
                "and model.decay"
            )
        tried: dict[tuple[float, float], float] = {}

        def nats(rate: float, decay: float) -> float:
            if (rate, decay) not in tried:
                tried[rate, decay] = self._try(part, rate, decay, log)
            return tried[rate, decay]

        rate, decay = self.learning_rate, self.decay
        if rate is None:
            rate = climb(lambda rate: nats(rate, decay or 0.0), first_rate)
        if decay is None:
            decay = min(_DECAYS, key=lambda decay: nats(rate, decay))
        self.chosen = {"learning_rate": rate, "decay": decay}

    def _try(self, part: TokenStream, rate: float, decay: float, log: RunLog) -> float:
        """Mean −ln p of the targets; infinite if the weights become infinite or NaN."""
        nats = -float(self._scores(part, rate, decay).mean(dtype=np.float64))
        with np.errstate(over="ignore"):
            perplexity = float(np.exp(nats))
        log.info(f"learning rate {rate:.4g}, decay {decay:g}: validation perplexity {perplexity:.2f}")
        return nats if math.isfinite(nats) else math.inf

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return self._scores(stream, self.chosen["learning_rate"], self.chosen["decay"])

    def _scores(self, stream: TokenStream, rate: float, decay: float) -> np.ndarray:
        with restoring_weights(self.network) as trained:
            learner = self._learner(trained, rate, decay)
            scores = list(learner.scores(np.asarray(stream.ids)))
        return torch.cat(scores).cpu().numpy() if scores else np.empty(0, np.float32)

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        with restoring_weights(self.network) as trained:
            learner = self._learner(trained, self.chosen["learning_rate"], self.chosen["decay"])
            found = learner.distributions(np.asarray(stream.ids), np.asarray(places))
            yield from in_blocks((part.cpu().numpy() for part in found), rows)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        rows = np.empty((len(contexts), len(self.vocabulary)), dtype=np.float32)
        for row, ids in zip(rows, contexts, strict=True):
            with restoring_weights(self.network) as trained:
                learner = self._learner(trained, self.chosen["learning_rate"], self.chosen["decay"])
                features = learner.features(np.asarray(ids))
                row[:] = self.network.output.distribution(features[None])[0].cpu().numpy()
        return rows

    def _describe_computation(self) -> None:
        super()._describe_computation()
        self.scored_on = replace(self.scored_on, batch=1)  # segment by segment, sentences too

    def _learner(self, trained: list[Tensor], rate: float, decay: float) -> OnlineLearner:
        rule = UpdateRule(trained, self._scales, rate, decay, self.epsilon)
        return OnlineLearner(self.network, self.vocabulary.end, self.of.context, self.segment, rule)

    def operations(self) -> Operations | None:
        """The scores, and three times the forward pass for the loss and its gradients."""
        output = self.network.output.operations(self.vocabulary.counts)
        return Operations(score=3 * (self.network.operations() + output) + output)

    def size(self) -> ModelSize:
        """The network, a copy of its trained weights, and the scales of steps and decay."""
        network = super().size()
        assert network.bytes_in_memory is not None
        copies = 2 if self._scales is None else 5  # √MS, and its scales of steps and of decay
        return ModelSize(copies * network.bytes_in_memory, network.parameters, network.entries)

    def save(self, folder: Path) -> None:
        super().save(folder)
        if self._scales is not None:
            names = [name for name, _ in self.network.named_parameters()]
            scales = {name: scale.cpu() for name, scale in zip(names, self._scales, strict=True)}
            save_file(scales, folder / _SCALES)

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        model = super().load(folder, vocabulary)
        if model.optimiser == "rms":
            saved = load_file(folder / _SCALES)
            model._scales = [
                saved[name].to(weight.device) for name, weight in model.network.named_parameters()
            ]
        return model


def climb(loss: Callable[[float], float], first: float) -> float:
    """The argument of the lowest loss found, going up from `first` by factors while that helps, else down.

    Goes down at once, for as long as the loss is infinite.
    """
    best, least = first, loss(first)
    for factor in (_FACTOR, 1 / _FACTOR) if math.isfinite(least) else (1 / _FACTOR,):
        for _ in range(_MOST_STEPS):
            found = loss(best * factor)
            if found >= least and math.isfinite(least):
                break
            best, least = best * factor, found
        if best != first:
            break
    return best
