"""What a comparison of neural training records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from benchmark.peers.record import Record, Row
from benchmark.text import plural


@dataclass(frozen=True)
class NeuralCase:
    """One network on one text with a number of CPU threads. `vocabulary` is its size.

    `precision` is the arithmetic that all programs train in; `auto` leaves each program its own. It is None
    in a race to a perplexity, and in old records, in which the peers had torch's defaults.
    """

    kind: str
    text: str
    vocabulary: int
    threads: int
    precision: str | None = None

    @property
    def title(self) -> str:
        """`lstm, ptb, 10,000 words, 1 thread`, and the arithmetic unless it is float32."""
        title = f"{self.kind}, {self.text}, {self.vocabulary:,} words, {plural(self.threads, 'thread')}"
        return title if self.precision in (None, "float32") else f"{title}, {self.precision}"


@dataclass(frozen=True, kw_only=True)
class NeuralRun:
    """One process that trained for some steps and then scored a stream."""

    #: Mean loss of each block of training steps, in nats a token.
    losses: list[float]
    #: Mean loss of the stream that is scored after training.
    evaluation_loss: float
    #: None where all steps were warm-up.
    train_tokens_per_second: float | None
    score_tokens_per_second: float
    #: Wall-clock seconds of the whole process.
    seconds: float
    #: Most memory that the process held.
    peak_bytes: int
    parameters: int | None = None
    #: Most memory that tensors held on a CUDA device in training.
    peak_device_bytes: int | None = None
    #: Where it computed, as torch names it, and the name of the GPU.
    device: str | None = None
    device_name: str | None = None
    #: The arithmetic it trained and scored in, as the program says: `float32`, `tf32`, `bfloat16`, or more.
    train_arithmetic: str | None = None
    score_arithmetic: str | None = None
    #: torch's version.
    torch: str | None = None

    @property
    def summary(self) -> str:
        """`4,217 tokens/s training, 10,491 scoring`"""
        train, score = self.train_tokens_per_second or 0, self.score_tokens_per_second
        return f"{train:,.0f} tokens/s training, {score:,.0f} scoring"


@dataclass(frozen=True)
class IdText:
    """A text as ids: the number of targets in each part, and the SHA-256 of both."""

    name: str
    vocabulary: int
    train_tokens: int
    evaluation_tokens: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The network and its recipe, the same for all: plain gradient descent with the gradient's norm clipped.

    The defaults are those of word_language_model's main.py, except that weights are tied and nothing is
    dropped out.
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


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How speed is measured: over so many training steps, then on so many tokens to score.

    `precision` is only in old records: the number format of ours while it was timed. New ones have that of
    all programs in their cases.
    """

    steps: int
    evaluation_tokens: int
    precision: str | None = None
    warm_up_steps: int = 10


@dataclass(frozen=True, kw_only=True)
class ProofConditions:
    """How it was checked that all programs compute the same."""

    #: Training steps whose losses were compared.
    steps: int
    #: Largest relative difference of a loss from ours.
    tolerance: float
    highest_learning_rate: float


@dataclass(frozen=True)
class GoalRun:
    """One run to a validation perplexity, with all that was announced on the way.

    `seconds` is None where the goal was not reached. `curve` has the seconds since the start and the
    perplexity of each announcement.
    """

    seconds: float | None
    curve: list[tuple[float, float]]

    @property
    def summary(self) -> str:
        """`181.2 s`, or `not reached, 141.00 at best`."""
        if self.seconds is not None:
            return f"{self.seconds:.1f} s"
        best = min((perplexity for _, perplexity in self.curve), default=None)
        return "not reached" + (f", {best:.2f} at best" if best is not None else "")


@dataclass(kw_only=True)
class GoalRecord:
    """The time of each program to a validation perplexity. `limit` is in seconds."""

    perplexity: float
    limit: float
    rows: list[Row[NeuralCase, GoalRun]] = field(default_factory=list)


@dataclass(kw_only=True)
class NeuralRecord(Record):
    """A comparison of training and scoring speed, and of the time to a perplexity if one was given."""

    FILE: ClassVar[str] = "neural.json"

    texts: list[IdText]
    device: str
    sizes: Sizes
    speed: Speed
    proof: ProofConditions
    #: Rows side by side in which the peers score.
    evaluation_rows: int
    rows: list[Row[NeuralCase, NeuralRun]] = field(default_factory=list)
    goal: GoalRecord | None = None

    @property
    def subject(self) -> tuple[str, ...]:
        return (*super().subject, str(self.sizes), *sorted(self.devices))

    @property
    def devices(self) -> set[str]:
        """What was computed on: the names of GPUs, or the device as torch calls it."""
        runs = [run for row in self.rows for run in row.runs]
        return {run.device_name for run in runs if run.device_name} or {self.device}
