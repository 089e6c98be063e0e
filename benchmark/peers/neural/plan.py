"""The settings of a comparison: the networks and their recipe, the cases, how long to measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.peers.neural.record import Sizes, Speed

#: Networks that ours and the peers have in common.
KINDS = ("lstm", "rnn", "gru")
#: Arithmetic of training, the same for all programs, but for `auto`: ours then chooses by the device, and the
#: peers have torch's defaults, with which they were published.
PRECISIONS = ("float32", "tf32", "bfloat16", "float16", "auto")
#: Those of CUDA devices alone.
ON_CUDA = ("tf32", "float16")


@dataclass(frozen=True)
class Goal:
    """A validation perplexity to reach on a corpus, and the seconds after which a program is stopped.

    `overrides` are settings of our run, as for `nextword run`.
    """

    perplexity: float
    limit: float
    overrides: Sequence[str]


@dataclass(frozen=True)
class NeuralPlan:
    """What to compare, on what, and where to write. Texts are a `corpus`, ids by Zipf's law, or both."""

    kinds: Sequence[str]
    corpus: Sequence[str]
    vocabularies: Sequence[int]
    threads: Sequence[int]
    precisions: Sequence[str]
    device: str
    sizes: Sizes
    speed: Speed
    rounds: int
    goal: Goal | None
    ours: Sequence[str]
    word_language_model: Path | None
    awd_lstm: Path | None
    name: str | None
    results_dir: Path
    command: str
