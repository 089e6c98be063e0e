"""Which output layer a network has (`conf/output/*.yaml` holds one file a kind)."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import nn

from baselines.neural.output.adaptive import Adaptive, cutoffs_by_coverage
from baselines.neural.output.layer import OutputLayer
from baselines.neural.output.sampled import NoiseContrastive, Sampled
from baselines.neural.output.softmax import Softmax
from benchmark.contract import Vocabulary
from benchmark.errors import UserError

#: The settings of each kind, and whether it can do without them.
SETTINGS: dict[str, dict[str, bool]] = {
    "softmax": {},
    "adaptive": {"cutoffs": True, "division": False},
    "sampled": {"samples": False, "power": False, "exact_from": True},
    "nce": {"samples": False, "power": False, "log_normaliser": False},
}


@dataclass(frozen=True, kw_only=True)
class Output:
    """How features become a distribution; each kind takes its own settings and refuses those of others.

    `softmax`: over the whole vocabulary, softmax(W x + b).
    `adaptive`: frequent words and clusters of rare words (`Adaptive`), exact. The clusters begin at the
    ranks `cutoffs` (null: `cutoffs_by_coverage`); cluster i has `division`ⁱ times fewer features.
    `sampled`, `nce`: the same model as `softmax`, scored exactly, but trained against `samples` words a
    step, drawn from the training distribution to the `power` (`Sampled`, `NoiseContrastive`).
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

    #: For validators of configurations: a key that is not a setting is an error, not ignored.
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def __post_init__(self) -> None:
        own = SETTINGS[self.kind]
        for key in ("cutoffs", "division", "samples", "power", "exact_from", "log_normaliser"):
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
        """The layer for a vocabulary and so many features; W is the matrix of a `tied` embedding if given.

        Raises UserError where the settings do not fit the vocabulary.
        """
        if self.kind == "adaptive":
            return self._adaptive(vocabulary, features, tied)
        if self.kind == "softmax":
            return Softmax(len(vocabulary), features, tied)
        return self._short_list(vocabulary, features, tied)

    def _adaptive(self, vocabulary: Vocabulary, features: int, tied: nn.Embedding | None) -> OutputLayer:
        assert self.division is not None
        cutoffs = cutoffs_by_coverage(vocabulary.counts) if self.cutoffs is None else self.cutoffs
        if cutoffs and cutoffs[-1] >= len(vocabulary):
            raise UserError(
                f"model.output.cutoffs={cutoffs} leaves no word behind the last of them in a vocabulary of "
                f"{len(vocabulary):,}: give smaller numbers, or null to choose them by the counts"
            )
        return Adaptive(len(vocabulary), features, cutoffs, self.division, tied)

    def _short_list(self, vocabulary: Vocabulary, features: int, tied: nn.Embedding | None) -> OutputLayer:
        assert self.samples is not None
        assert self.power is not None
        if self.samples > len(vocabulary):
            raise UserError(
                f"model.output.samples={self.samples} is more than the vocabulary of {len(vocabulary):,} "
                "words: give fewer, or take output@model.output=softmax, which is exact and then cheaper"
            )
        proposal = (vocabulary.counts + 1.0) ** self.power
        if self.log_normaliser is None:
            exact_from = 1.0 if self.exact_from is None else self.exact_from
            return Sampled(proposal, self.samples, features, tied, exact_from)
        return NoiseContrastive(proposal, self.samples, features, tied, self.log_normaliser)
