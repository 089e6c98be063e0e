"""The rows of one corpus with labels, in order of the task's main measure, with intervals and ranks."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from benchmark import text
from benchmark.record.folder import RunRecord
from benchmark.report.rows import Row
from benchmark.statistics.bootstrap import Bootstrap, Estimate, bootstrap
from benchmark.statistics.ranks import rank_ranges
from benchmark.storage.reading import or_warn
from benchmark.task.item_losses import BLOCKS, blocks_of_items, in_blocks, recorded_losses
from benchmark.task.measures import ItemMeasure
from benchmark.task.tasks import TASKS, Task

#: What the families are called here: not every counted method has n-grams.
FAMILIES = {"count": "counted", "neural": "neural", "mixture": "mixture"}


def measure_of(row: Row, measure: ItemMeasure, split: str = "test") -> float | None:
    """The mean of a measure over a row's seeds; None where no seed has it."""
    values = measure_values(row, measure, split)
    return statistics.fmean(values) if values else None


def measure_values(row: Row, measure: ItemMeasure, split: str = "test") -> list[float]:
    """The measure of each seed that has it."""
    found = [getattr(run.result, f"{split}_measures") for run in row.runs if run.result.status == "ok"]
    return [
        values[measure.key]
        for values in found
        if measure.key in values and measure.possible(values[measure.key])
    ]


def over_seeds(row: Row, measure: ItemMeasure) -> str:
    """The measure of a row as it stands in tables: the mean with its deviation over seeds."""
    return measure.over_seeds(measure_values(row, measure))


def why_unranked(row: Row) -> str:
    """Why a row of a task is in no group."""
    return "its record has no usable measures of a known task" if row.done else row.reason


@dataclass(frozen=True)
class Drawn:
    """The mean losses of rows by a measure, with what other items and other seeds would give. `places` has
    each row's place, by its number; a row whose runs keep no losses of items has none."""

    measure: ItemMeasure
    places: dict[int, int]
    losses: Bootstrap

    def seeds(self, row: Row) -> int:
        """How many seeds of a row are drawn: those whose runs keep their losses."""
        return self.losses.seeds[self.places[row.number]] if row.number in self.places else 0

    def interval(self, row: Row) -> tuple[float, float] | None:
        """The ends of the 95% interval of a row's measure, over items and seeds."""
        if row.number not in self.places:
            return None
        found = self.losses.combined(self._weights((row, 1.0)))
        most = 1.0 if self.measure.is_share else math.inf
        ends = sorted(self.measure.shown(min(max(0.0, loss), most)) for loss in (found.low, found.high))
        return ends[0], ends[1]

    def ahead(self, better: Row, worse: Row) -> tuple[Estimate, float] | None:
        """How much less the mean loss of one row is than another's, with its interval and p-value."""
        if not {better.number, worse.number} <= self.places.keys():
            return None
        weights = self._weights((worse, 1.0), (better, -1.0))
        return self.losses.combined(weights), self.losses.p(weights)

    def difference(self, first: Row, other: Row) -> Estimate:
        """The measure of the other row less that of the first, with its interval. Both keep their losses."""
        value = (measure_of(other, self.measure) or 0.0) - (measure_of(first, self.measure) or 0.0)
        deviations = self._deviations(other) - self._deviations(first)
        weights = self._weights((other, self._slope(other)), (first, -self._slope(first)))
        return self.losses.estimate(value, deviations, weights)

    def _deviations(self, row: Row) -> np.ndarray:
        """How the measure of a row deviates when items and seeds are drawn anew: [resamples]."""
        place = self.places[row.number]
        mean = float(self.losses.means[place])
        drawn_anew = (mean + self.losses.deviations[:, place]).tolist()
        return np.array([self.measure.shown(loss) for loss in drawn_anew]) - self.measure.shown(mean)

    def _slope(self, row: Row) -> float:
        """By how much the measure of a row rises with its mean loss."""
        mean, step = float(self.losses.means[self.places[row.number]]), 1e-6
        return (self.measure.shown(mean + step) - self.measure.shown(mean - step)) / (2 * step)

    def _weights(self, *weighted: tuple[Row, float]) -> np.ndarray:
        weights = np.zeros(len(self.places))
        for row, weight in weighted:
            weights[self.places[row.number]] = weight
        return weights


@dataclass(frozen=True)
class TaskGroup:
    """Rows that answered the same items and were trained on the same share of the others, the best by the
    task's main measure first."""

    task: Task
    corpus: str
    rows: tuple[Row, ...]

    @property
    def train_share(self) -> float:
        """How much of the training items they were trained on: above 0, up to 1."""
        return self.rows[0].train_share

    @property
    def title(self) -> str:
        """What they answered, and what share they were trained on if it is not all."""
        share = "" if self.train_share == 1 else f", {text.percent(self.train_share)} of the training items"
        return f"{self.rows[0].corpus_title}{share}"

    @property
    def name(self) -> str:
        """What their table and figure are called, and their files."""
        share = "" if self.train_share == 1 else f"_{self.train_share:g}".replace(".", "_")
        return f"task_{self.corpus}{share}"

    @property
    def protocol(self) -> str:
        """Which items they answered."""
        return self.rows[0].protocol_id

    @cached_property
    def drawn(self) -> Drawn | None:
        """The main measure with what is uncertain in it; None where no run keeps the losses of its items."""
        return drawn(self.rows, self.task.main)

    @property
    def basis(self) -> str:
        """What was answered, and what is drawn of it for intervals: `640 test items, 400 blocks of …`."""
        items = self.rows[0].first.test_items or 0
        said = f"{text.plural(items, 'test item')}"
        return f"{said}, drawn in {blocks_of_items(items)}" if self.drawn and items > BLOCKS else said

    def interval(self, row: Row) -> tuple[float, float] | None:
        """The ends of the 95% interval of a row's main measure."""
        return None if self.drawn is None else self.drawn.interval(row)

    @cached_property
    def ranks(self) -> dict[int, tuple[int, int]]:
        """The best and the worst rank of each row, by its number (see `rank_ranges`)."""
        if self.drawn is None:
            return {}
        return dict(zip(self.drawn.places, rank_ranges(self.drawn.losses), strict=True))

    def rank_range(self, row: Row) -> tuple[int, int]:
        """The best and the worst rank of a row; twice its place where it has no losses of items."""
        return self.ranks.get(row.number, (row.rank or 0, row.rank or 0))

    def best(self, family: str) -> Row | None:
        """The row of a family that is the best on the validation items."""
        of_family = [
            (value, row)
            for row in self.rows
            if row.family == family and (value := measure_of(row, self.task.main, "valid")) is not None
        ]
        choose = max if self.task.main.higher_is_better else min
        return choose(of_family, key=lambda pair: pair[0])[1] if of_family else None


def task_groups(rows: Sequence[Row]) -> list[TaskGroup]:
    """Finished rows by the items that they answered and those that they were trained on, in order of task
    and corpus, all of them first."""
    found: dict[tuple[str, str, str, float], list[Row]] = defaultdict(list)
    for row in rows:
        task = TASKS.get(row.first.task or "")
        if task is not None and row.done and measure_of(row, task.main) is not None:
            found[task.name, row.corpus, row.protocol_id, -row.train_share].append(row)
    order = list(TASKS)
    keys = sorted(found, key=lambda key: (order.index(key[0]), key[1:]))
    return [_group(TASKS[key[0]], found[key]) for key in keys]


def _group(task: Task, rows: list[Row]) -> TaskGroup:
    rows.sort(key=lambda row: measure_of(row, task.main) or 0.0, reverse=task.main.higher_is_better)
    ranked = [replace(row, rank=place) for place, row in enumerate(rows, start=1)]
    return TaskGroup(task, rows[0].corpus, tuple(ranked))


def drawn(rows: Sequence[Row], measure: ItemMeasure) -> Drawn | None:
    """The mean losses of rows that answered the same items, drawn anew by items and seeds; None where no run
    keeps the losses of its items, or there are too few items."""
    sums: list[np.ndarray] = []
    counts: list[np.ndarray] = []
    places: dict[int, int] = {}
    for row in rows:
        of_seeds = [found for run in row.runs if (found := _losses(run, measure)) is not None]
        alike = len({each.shape for each in of_seeds}) == 1 and bool(np.isfinite(of_seeds).all())
        counted = all(each[1].any() for each in of_seeds)
        if alike and counted and (not sums or len(counts[0]) == min(BLOCKS, of_seeds[0].shape[1])):
            blocks = np.stack([in_blocks(each) for each in of_seeds])
            places[row.number] = len(sums)
            sums.append(blocks[:, 0])
            counts.append(blocks[:, 1].mean(axis=0))
    if not sums or len(counts[0]) < 2:
        return None
    return Drawn(measure, places, bootstrap(sums, np.stack(counts)))


def _losses(run: RunRecord, measure: ItemMeasure) -> np.ndarray | None:
    """The losses of a run's items, if they are those of its record."""
    return or_warn(lambda: recorded_losses(run.folder, run.result, measure), None)
