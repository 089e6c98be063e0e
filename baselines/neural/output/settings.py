"""Which output layer a network has (`conf/output/*.yaml` holds one file a kind)."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import nn

from baselines.neural.output.layer import OutputLayer
from baselines.neural.output.softmax import Softmax
from benchmark.contract import Vocabulary


@dataclass(frozen=True, kw_only=True)
class Output:
    """`softmax`: over the whole vocabulary, softmax(W x + b)."""

    kind: Literal["softmax"] = "softmax"

    #: For validators of configurations: a key that is not a setting is an error, not ignored.
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def build(self, vocabulary: Vocabulary, features: int, tied: nn.Embedding | None) -> OutputLayer:
        """The layer for a vocabulary and so many features; W is the matrix of a `tied` embedding if given."""
        return Softmax(len(vocabulary), features, tied)
