"""The kinds of output layer and their settings. `conf/output/*.yaml` holds one file per kind."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, assert_never

from pydantic import Field
from torch import nn

from baselines.neural.output.adaptive import Adaptive, cutoffs_by_coverage
from baselines.neural.output.layer import OutputLayer
from baselines.neural.output.sampled import NoiseContrastive, Proposal, Sampled
from baselines.neural.output.softmax import Softmax
from benchmark.contract import Vocabulary
from benchmark.errors import UserError

#: The settings of each kind, and whether each may be null.
SETTINGS: dict[str, dict[str, bool]] = {
    "softmax": {},
    "adaptive": {"cutoffs": True, "division": False},
    "sampled": {"samples": False, "power": False, "exact_from": True},
    "nce": {"samples": False, "power": False, "log_normaliser": False},
}


@dataclass(frozen=True, kw_only=True)
class Output:
    """How features become a distribution. Each kind takes its own settings and refuses those of others.

    `softmax`: softmax(W x + b) over the whole vocabulary (`Softmax`).
    `adaptive`: frequent words and clusters of rare words (`Adaptive`), exact. The clusters begin at the
    ranks `cutoffs` (null: `cutoffs_by_coverage`); cluster i has `division`ⁱ times fewer features.
    `sampled`, `nce`: the same model as `softmax`, scored exactly, but trained against `samples` words per
    step, drawn in proportion to (training count + 1) to the `power` (`Sampled`, `NoiseContrastive`).
    From the share `exact_from` of the budget on (null: never), `sampled` trains with the exact loss.
    `log_normaliser` is ln Z, at which noise-contrastive estimation holds the sum of exp(logits).
    """

    kind: Literal["softmax", "adaptive", "sampled", "nce"] = "softmax"
    cutoffs: list[Annotated[int, Field(ge=1)]] | None = None
    division: Annotated[float, Field(ge=1)] | None = None
    samples: Annotated[int, Field(ge=1)] | None = None
    power: Annotated[float, Field(ge=0)] | None = None
    exact_from: Annotated[float, Field(ge=0, le=1)] | None = None
    log_normaliser: float | None = None

    #: Tells pydantic to refuse unknown keys rather than to ignore them.
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def __post_init__(self) -> None:
        own = SETTINGS[self.kind]
        for key in dict.fromkeys(key for keys in SETTINGS.values() for key in keys):
            given = getattr(self, key) is not None
            if given and key not in own:
                kinds = " or ".join(kind for kind, keys in SETTINGS.items() if key in keys)
                raise UserError(
                    f"model.output.{key} does nothing with model.output.kind={self.kind}: "
                    f"leave it out, or choose output@model.output={kinds}"
                )
            if not given and not own.get(key, True):
                raise UserError(
                    f"model.output.kind={self.kind} needs model.output.{key}: set it, or choose "
                    f"output@model.output={self.kind}, whose file has a value for it"
                )
        if self.cutoffs and any(here >= after for here, after in pairwise(self.cutoffs)):
            raise UserError(f"model.output.cutoffs={self.cutoffs} must rise from each number to the next")

    def build(self, vocabulary: Vocabulary, features: int, tied: nn.Embedding | None) -> OutputLayer:
        """The layer for a vocabulary and a number of features; W is the matrix of `tied` if given.

        Raises UserError if the settings do not fit the vocabulary.
        """
        match self.kind:
            case "softmax":
                return Softmax(len(vocabulary), features, tied)
            case "adaptive":
                return self._adaptive(vocabulary, features, tied)
            case "sampled":
                exact_from = 1.0 if self.exact_from is None else self.exact_from
                return Sampled(self._proposal(vocabulary), features, tied, exact_from)
            case "nce":
                assert self.log_normaliser is not None
                return NoiseContrastive(self._proposal(vocabulary), features, tied, self.log_normaliser)
            case unknown:
                assert_never(unknown)

    def _adaptive(self, vocabulary: Vocabulary, features: int, tied: nn.Embedding | None) -> OutputLayer:
        assert self.division is not None
        cutoffs = cutoffs_by_coverage(vocabulary.counts) if self.cutoffs is None else self.cutoffs
        if cutoffs and cutoffs[-1] >= len(vocabulary):
            raise UserError(
                f"model.output.cutoffs={cutoffs} leaves no word after the last of them in a vocabulary of "
                f"{len(vocabulary):,}: give smaller numbers, or null to choose them by the counts"
            )
        return Adaptive(len(vocabulary), features, cutoffs, self.division, tied)

    def _proposal(self, vocabulary: Vocabulary) -> Proposal:
        assert self.samples is not None
        assert self.power is not None
        if self.samples > len(vocabulary):
            raise UserError(
                f"model.output.samples={self.samples} is more than the vocabulary of {len(vocabulary):,} "
                "words: give fewer, or choose output@model.output=softmax, which is exact and then cheaper"
            )
        return Proposal((vocabulary.counts + 1.0) ** self.power, self.samples)
