"""What is compared: sizes and recipe, the cases, how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: Networks that ours and the peers have in common.
KINDS = ("lstm", "rnn", "gru")
#: Arithmetic of ours; the last three are other than float32 on some devices.
PRECISIONS = ("float32", "tf32", "bfloat16", "auto")


@dataclass(frozen=True)
class Sizes:
    """The network and the recipe, the same for all: plain gradient descent, its gradient's norm clipped.

    The defaults are those of the word_language_model's main.py, but for `tied` and no dropout.
    """

    layers: int = 2
    embedding_size: int = 200
    hidden_size: int = 200
    tied: bool = True
    dropout: float = 0.0
    batch: int = 20
    unroll: int = 35
    learning_rate: float = 20.0
    clip: float = 0.25

    def described(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Speed:
    """How speed is measured: `rounds` of `steps` training steps each, all programs taking turns.

    `precision` is ours while timed, by the names that `model.training.precision` has.
    """

    steps: int
    rounds: int
    evaluation_tokens: int
    precision: str


@dataclass(frozen=True)
class Goal:
    """A validation perplexity to reach on a corpus, and the seconds after which a program is stopped.

    `overrides` are settings of our run, as `nextword run` has them.
    """

    perplexity: float
    limit: float
    overrides: Sequence[str]


@dataclass(frozen=True)
class Settings:
    """What to compare, on what, and where to write. Texts are a `corpus`, Zipf's ids, or both."""

    kinds: Sequence[str]
    corpus: Sequence[str]
    vocabularies: Sequence[int]
    threads: Sequence[int]
    device: str
    sizes: Sizes
    speed: Speed
    goal: Goal | None
    ours: Sequence[str]
    word_language_model: Path | None
    awd_lstm: Path | None
    name: str | None
    results_dir: Path
    command: str
