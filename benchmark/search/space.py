"""What a search may choose from: ranges of numbers and lists of values, one for each setting it varies."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import product

from pydantic import BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

Number = StrictInt | StrictFloat
Value = StrictBool | StrictInt | StrictFloat | StrictStr | None

#: Digits that a number is tried with: a command line that people can read, and no loss that a model shows.
DIGITS = 4
#: Words that mean something else than themselves on a command line.
_WORDS = frozenset({"null", "true", "false", "nan", "inf", "-inf"})


class Range(BaseModel):
    """Numbers from `low` to `high`, both included: whole ones if neither has a decimal point.

    `log`: by their logarithm, so that every factor is as likely as every other; `step`: only `low` and
    what is so many steps above it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: Number
    high: Number
    log: StrictBool = False
    step: Number | None = None

    @model_validator(mode="after")
    def _sound(self) -> Range:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError("low and high are to be finite")
        if self.low >= self.high:
            raise ValueError(f"low={self.low} is to be below high={self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"log needs a low above 0, and it is {self.low}")
        if self.log and self.step is not None:
            raise ValueError("give either log or step: equal steps are no equal factors")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError(f"step={self.step} is to be above 0 and fit between low and high")
        return self

    @property
    def whole(self) -> bool:
        """Are these whole numbers?"""
        return all(isinstance(part, int) for part in (self.low, self.high, self.step or 0))

    @property
    def last(self) -> int | float:
        """The highest number that can be chosen: `high`, or the last step below it."""
        if self.step is None:
            return self.high
        return _digits(self.low + self.step * math.floor((self.high - self.low) / self.step + 1e-9), 12)

    @property
    def steps(self) -> tuple[int | float, int] | None:
        """The step between its numbers and how many these are; None where they have none."""
        step = self.step or (1 if self.whole and not self.log else None)
        return None if step is None else (step, round((self.last - self.low) / step) + 1)

    def grid(self) -> list[int | float] | None:
        """Every number, ascending; None where they have no step between them."""
        if self.steps is None:
            return None
        step, count = self.steps
        return [self.used(self.low + step * index) for index in range(count)]

    def at(self, share: float) -> int | float:
        """The number at a share from 0 to 1 of the range: uniform shares make a uniform choice."""
        if self.steps is not None:
            step, count = self.steps
            return self.used(self.low + step * min(int(share * count), count - 1))
        if self.log:
            # half a number more at both ends, so that these are as likely as their neighbours
            margin = 0.5 if self.whole else 0.0
            low, high = math.log(self.low - margin), math.log(self.high + margin)
            return self.used(math.exp(low + share * (high - low)))
        return self.used(self.low + share * (self.high - self.low))

    def used(self, value: int | float) -> int | float:
        """A proposed number as it is tried: inside the range, with few digits."""
        if self.whole:
            return int(min(max(round(value), self.low), self.last))
        digits = DIGITS if self.step is None else 12
        return float(min(max(_digits(value, digits), self.low), self.last))


class Choices(BaseModel):
    """Values to choose from, in no order: text (the name of another file of `conf/`, too), numbers, null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choices: list[Value]

    @model_validator(mode="after")
    def _sound(self) -> Choices:
        if len(self.choices) < 2:
            raise ValueError("choices needs two values or more: give one on the command line or in base")
        if len({literal(value) for value in self.choices}) < len(self.choices):
            raise ValueError(f"choices holds a value twice: {self.choices}")
        return self

    def grid(self) -> list[Value]:
        """Every value."""
        return list(self.choices)

    def at(self, share: float) -> Value:
        """The value at a share from 0 to 1 of the list."""
        return self.choices[min(int(share * len(self.choices)), len(self.choices) - 1)]

    def used(self, value: Value) -> Value:
        """A proposed value as it is tried: as it is."""
        return value


Parameter = Range | Choices
#: Setting → what it may be, in the order of the file.
Space = Mapping[str, Parameter]
#: Setting → what it is in one trial.
Point = dict[str, Value]


def grid(space: Space) -> list[Point]:
    """Every combination. Raises ValueError naming a range that holds more numbers than can be listed."""
    columns = []
    for key, parameter in space.items():
        values = parameter.grid()
        if values is None:
            raise ValueError(f"{key}: a grid needs a step or choices, and this range has neither")
        columns.append(values)
    return [dict(zip(space, values, strict=True)) for values in product(*columns)]


def overrides(point: Mapping[str, Value]) -> list[str]:
    """A trial's settings as overrides of the command line."""
    return [f"{key}={literal(value)}" for key, value in point.items()]


def literal(value: Value) -> str:
    """A value as the command line reads it back: text that could be anything else is quoted."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return repr(value)
    if re.fullmatch(r"[A-Za-z_][\w./-]*", value, re.ASCII) and value.lower() not in _WORDS:
        return value
    return "'" + re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), value) + "'"


def _digits(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")
