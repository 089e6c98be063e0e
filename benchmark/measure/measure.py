"""What a scalar measure is: everything that a table or a figure needs to show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from benchmark import text

#: How a number is written for readers.
Format = Callable[[float | None], str]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number that a run has, and how it is named, explained, read and shown.

    It reads a run's `Result`, or any other record with an `of` of its own.
    """

    #: The field that holds it, and the header of its column in CSV files.
    key: str
    #: The heading of its column.
    title: str
    #: What it is called in a sentence, behind "the".
    noun: str
    #: The unit of the value; empty for a plain number.
    unit: str
    #: One or two sentences for readers: what it means, its formula, its source.
    definition: str
    show: Format
    #: Which values are the better ones; None where neither is.
    better: Literal["lower", "higher"] | None = None
    #: Whether the value depends on the machine. Such values are averaged, and compared, only between runs
    #: on the same machine.
    timed: bool = False
    #: Whether the value is a cost of the model: perplexity is drawn against it, and the verdict names it.
    cost: bool = False
    #: `key`: in every table of the comparison; `more`: on the page and in the CSV; `data`: in the CSV only.
    level: Literal["key", "more", "data"] = "more"
    #: Whether it is left out of the report where no run has it: what some machines or corpora cannot give.
    optional: bool = False
    #: How the value is read from a record, by default from the field named `key`.
    of: Callable[[Any], float | None] | None = None

    def read(self, record: Any) -> float | None:
        """The value in a record; None where it was not measured."""
        of = self.of or attrgetter(self.key)
        return of(record)

    @property
    def direction(self) -> str:
        """`lower is better`, `higher is better`, or nothing."""
        return f"{self.better} is better" if self.better else ""

    @property
    def axis(self) -> str:
        """The label of an axis: `scoring speed, tokens/s (higher is better)`."""
        shown_with_unit = self.show in (text.size, text.duration, text.latency, text.energy)
        unit = f", {self.unit}" if self.unit and not shown_with_unit else ""
        return f"{self.noun}{unit}" + (f" ({self.direction})" if self.direction else "")
