"""A row of the comparison: one setting of one model on one corpus, its seeds grouped."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.measures import TEST_PERPLEXITY
from benchmark.record.folder import RunRecord
from benchmark.record.result import Result


class Machine(NamedTuple):
    """What a timing depends on, beside the model."""

    device_name: str
    device: str
    threads: int

    def __str__(self) -> str:
        if not self.device:  # a machine elsewhere, of which no more is stated
            return self.device_name
        threads = "" if self.device.startswith("cuda") else f", {text.plural(self.threads, 'thread')}"
        return f"{self.device_name} ({self.device}{threads})"


def machine_of(result: Result) -> Machine:
    """What a run was timed on; of a model that was timed elsewhere, the machine that its settings name."""
    if result.no_distribution is not None:
        return Machine(text.clean(result.device_name or "unnamed machine"), "", 0)
    trained, scored = (text.clean(d or "cpu") for d in (result.train_device, result.score_device))
    device = (
        scored if result.train_device in (None, result.score_device) else f"{trained}, scored on {scored}"
    )
    return Machine(text.clean(result.device_name or "unnamed machine"), device, result.threads or 1)


@dataclass(frozen=True)
class Row:
    """The runs of one setting, by seed.

    `number` links its table rows and the marks of its figures. `rank` is its place among the rows that were
    scored on the same targets, `ranks` the best and the worst place it may have. `interval` is that of its
    test perplexity. Rows whose runs keep no losses by block have neither (see `report.uncertainty`).
    """

    runs: tuple[RunRecord, ...]
    settings: dict[str, Any]
    label: str
    number: int = 0
    rank: int | None = None
    ranks: tuple[int, int] | None = None
    interval: tuple[float, float] | None = None

    @property
    def leads(self) -> bool:
        """Whether no row is shown to be better."""
        return self.rank == 1 if self.ranks is None else self.ranks[0] == 1

    @property
    def first(self) -> Result:
        """The record of the lowest seed, for what all seeds have in common."""
        return self.runs[0].result

    @property
    def corpus(self) -> str:
        return text.clean(self.first.corpus)

    @property
    def corpus_title(self) -> str:
        """The corpus's name for readers."""
        return text.clean(self.first.corpus_title or self.first.corpus) or "unnamed corpus"

    @property
    def protocol_id(self) -> str:
        return text.clean(self.first.protocol_id or "")

    @property
    def model(self) -> str:
        return text.clean(self.first.model)

    @property
    def family(self) -> str:
        return self.first.family or ""

    @property
    def history(self) -> str:
        """Where the history begins: `sentence` or `stream`."""
        return text.clean(self.first.context or "")

    @property
    def reason(self) -> str:
        """Why it gave no result, for a row that is not `done`."""
        return text.clean(self.first.reason or "no reason was recorded")

    @property
    def done(self) -> bool:
        return self.first.status == "ok"

    @property
    def train_share(self) -> float:
        """How much of the training split it was trained on; 1 for all of it."""
        return self.first.train_share

    @property
    def normalised(self) -> bool:
        return self.first.normalised

    @cached_property
    def machine(self) -> Machine:
        """What most of its runs were timed on."""
        return Counter(sorted(machine_of(run.result) for run in self.runs)).most_common(1)[0][0]

    @property
    def is_timed(self) -> bool:
        """Whether anything is known of its times."""
        return any(run.result.train_seconds or run.result.score_tokens_per_second for run in self.runs)

    @cached_property
    def _timed(self) -> list[Result]:
        """The records of the runs that were timed on `machine`."""
        return [run.result for run in self.runs if machine_of(run.result) == self.machine]

    def values(self, measure: Measure) -> list[float]:
        """The value of every seed that has one; of a timed measure, only those timed on `machine`."""
        results = self._timed if measure.timed else [run.result for run in self.runs]
        return [value for result in results if (value := measure.read(result)) is not None]

    def mean(self, measure: Measure) -> float | None:
        """The mean over seeds; None where no seed has a value."""
        values = self.values(measure)
        return math.fsum(values) / len(values) if values else None

    def deviation(self, measure: Measure) -> float | None:
        """The sample standard deviation over seeds (n − 1); None for fewer than two."""
        values = self.values(measure)
        return statistics.stdev(values) if len(values) > 1 and all(map(math.isfinite, values)) else None

    @cached_property
    def perplexity(self) -> float | None:
        """Mean test perplexity over seeds; None for a score that is not a distribution."""
        return self.mean(TEST_PERPLEXITY)
