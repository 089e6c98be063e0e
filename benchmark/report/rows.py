"""A row of the comparison: one setting of one model on one corpus, its seeds folded."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from benchmark import text
from benchmark.record.folder import RunRecord
from benchmark.record.result import Result


class Machine(NamedTuple):
    """What a timing depends on, beside the model."""

    device_name: str
    device: str
    threads: int

    def __str__(self) -> str:
        threads = "" if self.device.startswith("cuda") else f", {text.plural(self.threads, 'thread')}"
        return f"{self.device_name} ({self.device}{threads})"


def number_of(settings: Mapping[str, Any], key: str) -> float | None:
    """A number among settings, which may be of any type; None where there is none."""
    value = settings.get(key)
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def machine_of(result: Result) -> Machine:
    """Where a run was timed."""
    name = text.clean(result.device_name or "unnamed machine")
    return Machine(name, text.clean(result.score_device or "cpu"), result.threads or 1)


@dataclass(frozen=True)
class Row:
    """The runs of one setting, by seed. `number` links its table rows and the marks of its figures;
    `rank` is its place among the rows scored on the same events."""

    runs: tuple[RunRecord, ...]
    settings: dict[str, Any]
    label: str
    number: int = 0
    rank: int | None = None

    @property
    def first(self) -> Result:
        """The record of the lowest seed, for what all seeds share."""
        return self.runs[0].result

    def shared(self, key: str) -> str:
        """A text all seeds share, as one printable line."""
        return text.clean(getattr(self.first, key) or "")

    @property
    def corpus(self) -> str:
        return self.shared("corpus")

    @property
    def family(self) -> str:
        return self.shared("family")

    @property
    def done(self) -> bool:
        return self.first.status == "ok"

    @property
    def train_share(self) -> float:
        """How much of the training split it learnt from; 1 for all of it."""
        return self.first.train_share

    @property
    def normalised(self) -> bool:
        return self.first.normalised

    def values(self, key: str) -> list[float]:
        """The figure of every seed that has it."""
        return [value for run in self.runs if (value := getattr(run.result, key)) is not None]

    def mean(self, key: str) -> float | None:
        """The mean over seeds; None where no seed has the figure."""
        values = self.values(key)
        return math.fsum(values) / len(values) if values else None

    def deviation(self, key: str) -> float | None:
        """The sample standard deviation over seeds (n − 1); None for fewer than two."""
        values = self.values(key)
        return statistics.stdev(values) if len(values) > 1 and all(map(math.isfinite, values)) else None

    @property
    def perplexity(self) -> float | None:
        """Mean test perplexity over seeds; None for a score that is not a distribution."""
        return self.mean("test_perplexity") if self.normalised else None

    @cached_property
    def machine(self) -> Machine:
        """Where most of its runs were timed."""
        return Counter(sorted(machine_of(run.result) for run in self.runs)).most_common(1)[0][0]

    def timed(self, key: str) -> float | None:
        """The mean over the runs on `machine`: timings of different machines are never averaged."""
        runs = tuple(run for run in self.runs if machine_of(run.result) == self.machine)
        return replace(self, runs=runs).mean(key)
