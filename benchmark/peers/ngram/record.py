"""What a comparison of n-gram programs records; the growth of ours alone is recorded in the same way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from benchmark import text
from benchmark.peers.record import Record, Row

#: File name of the records of our growth with the text.
GROWTH_FILE = "growth.json"


@dataclass(frozen=True)
class NgramCase:
    """One order on one training text. A token is a word or the end of a line."""

    order: int
    tokens: int

    @property
    def title(self) -> str:
        """`order 3, 1.00 M tokens`"""
        return f"order {self.order}, {text.amount(self.tokens)} tokens"


@dataclass(frozen=True)
class StageUsage:
    """What one program of a run took. Only `counted` ones are part of the way to a test perplexity."""

    program: str
    counted: bool
    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, kw_only=True)
class NgramRun:
    """One run from the training text to a test perplexity: the sum of its counted stages."""

    #: Wall-clock seconds.
    seconds: float
    cpu_seconds: float
    #: Most memory that any of the processes held.
    peak_bytes: int
    #: Tokens scored each second, the model being loaded.
    scored_per_second: float | None
    #: With `<unk>` for unknown words, which are targets.
    perplexity: float | None
    #: Without unknown words as targets.
    perplexity_known: float | None
    #: Number of unknown words in the test text.
    oov: int | None
    stages: list[StageUsage]
    #: All that our own program printed.
    printed: dict[str, Any] | None = None

    @property
    def summary(self) -> str:
        """`0.95 s, 124 MB`"""
        return f"{text.duration(self.seconds)}, {text.size(self.peak_bytes)}"


@dataclass(frozen=True)
class TextFile:
    """A text that the programs read. `name` is its file name, `sha256` its hash in hexadecimal."""

    name: str
    bytes: int
    lines: int
    words: int
    sha256: str

    @property
    def tokens(self) -> int:
        """Its words and ends of lines."""
        return self.words + self.lines


@dataclass(kw_only=True)
class NgramRecord(Record):
    """A comparison of n-gram programs on one training and one test text."""

    FILE: ClassVar[str] = "ngram.json"

    train: TextFile
    test: TextFile
    #: What every program that takes a memory budget was given, such as `1G`.
    memory: str | None
    #: Threads of ours.
    threads: int
    rows: list[Row[NgramCase, NgramRun]] = field(default_factory=list)
