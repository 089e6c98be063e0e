"""What a search lowers, on the validation split alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from benchmark import text
from benchmark.errors import UserError, did_you_mean
from benchmark.record.result import Result
from benchmark.task.measures import ItemMeasure
from benchmark.task.tasks import TASKS, task_named

#: The measure of a search whose corpus is a text.
PERPLEXITY = "valid_perplexity"


@dataclass(frozen=True)
class Goal:
    """What a search lowers: the perplexity, or of a task the mean loss behind a measure.

    A share of right answers is raised by lowering the share of the others, 1 − the measure. So every search
    seeks a minimum, whatever it is compared by.
    """

    #: As records and settings have it: `valid_perplexity`, `valid_accuracy`, …
    key: str
    #: What it is called in a sentence.
    name: str
    #: The number that a run recorded on a split; None where it has none.
    recorded: Callable[[Result, str], float | None]
    measure: ItemMeasure | None = None

    @property
    def turned(self) -> bool:
        """Whether the measure rises where the search lowers its value."""
        return self.measure is not None and self.measure.higher_is_better

    def value(self, result: Result) -> float | None:
        """What a run has reached on the validation split; lower is better."""
        return self.shown(self.recorded(result, "valid"))

    def shown(self, value: float | None) -> float | None:
        """From what the search lowers to the number that people read, and back."""
        return 1 - value if self.turned and value is not None else value

    def text(self, number: float | None) -> str:
        """The number that people read, as it stands in tables."""
        return text.decimals(number, 2) if self.measure is None else self.measure.text(number)

    def short(self, number: float | None) -> str:
        """The same with as many digits as comparisons have."""
        return text.perplexity(number) if self.measure is None else self.measure.text(number)

    def said(self, value: float | None) -> str:
        """What a trial has reached, with name and unit: `validation accuracy 95.10%`."""
        unit = "" if self.measure is None else self.measure.unit
        return f"{self.name} {self.text(self.shown(value))}{unit}"

    @property
    def heading(self) -> str:
        """What a column of such numbers is called: `validation accuracy, %`."""
        return self._with_unit(self.name)

    @property
    def lowered(self) -> str:
        """What figures show, the value that the search lowers: `100 − validation accuracy, %`."""
        return self._turned(self.heading)

    @property
    def axis(self) -> str:
        """What the axis of such a figure is called. The figure's caption says of what split it is."""
        name = self.name if self.measure is None else self.measure.name
        return f"{self._turned(self._with_unit(name))} (lower is better)"

    def on_axis(self, value: float) -> float:
        """A value as such a figure has it."""
        return 100 * value if self._in_hundredths else value

    @property
    def _in_hundredths(self) -> bool:
        return self.measure is not None and self.measure.unit == "%"

    def _with_unit(self, name: str) -> str:
        return f"{name}, %" if self._in_hundredths else name

    def _turned(self, name: str) -> str:
        return f"100 − {name}" if self.turned else name


def _perplexity(result: Result, split: str) -> float | None:
    return result.valid_perplexity if split == "valid" else result.test_perplexity


def _goal_of(measure: ItemMeasure) -> Goal:
    def recorded(result: Result, split: str) -> float | None:
        measures = result.valid_measures if split == "valid" else result.test_measures
        return measures.get(measure.key)

    return Goal(f"valid_{measure.key}", f"validation {measure.name}", recorded, measure)


def goals_of(task: str | None) -> dict[str, Goal]:
    """The goals of searches on a corpus with labels, or on a text, by key; the usual one first."""
    if task is None:
        return {PERPLEXITY: Goal(PERPLEXITY, "validation perplexity", _perplexity)}
    return {goal.key: goal for goal in map(_goal_of, task_named(task).measures)}


#: All of them. Tasks that share the key of a measure mean the same by it.
GOALS = {key: goal for task in (None, *TASKS) for key, goal in goals_of(task).items()}


def goal_for(given: str | None, task: str | None, corpus: str) -> Goal:
    """The goal of a search on a corpus, if it names none the usual one. Raises UserError for one that runs on
    this corpus do not record."""
    goals = goals_of(task)
    if given is None:
        return next(iter(goals.values()))
    if given not in goals:
        raise UserError(
            f"measure={given!r} is not usable: runs on {corpus} have no such measure. "
            f"{did_you_mean(given, goals)}"
        )
    return goals[given]


def reached(result: Result, goal: Goal) -> tuple[float | None, str]:
    """What a finished run has reached, and if it is nothing that a search can go by, why."""
    if goal.key == PERPLEXITY and not result.normalised:
        return None, "its scores are not probabilities, so it has no perplexity"
    value = goal.value(result)
    if value is None:
        return None, f"it has no {goal.name}"
    return (value, "") if math.isfinite(value) else (None, f"its {goal.name} is infinite")
