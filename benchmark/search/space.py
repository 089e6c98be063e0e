"""The space of a search: a range of numbers or a list of values for each setting that it varies."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import product

from pydantic import BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from benchmark.console.quoting import hydra_text

Number = StrictInt | StrictFloat
Value = StrictBool | StrictInt | StrictFloat | StrictStr | None

#: Significant digits of a trial's numbers: a readable command line, and enough for any model.
DIGITS = 4
#: Words with a meaning of their own on a command line.
_WORDS = frozenset({"null", "true", "false", "nan", "inf", "-inf"})


class Range(BaseModel):
    """Numbers from `low` to `high`, both included; whole numbers if neither has a decimal point.

    `log`: uniform in the logarithm. `step`: only `low` and numbers that are whole steps above it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: Number
    high: Number
    log: StrictBool = False
    step: Number | None = None

    @model_validator(mode="after")
    def _sound(self) -> Range:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError("low and high must be finite")
        if self.low >= self.high:
            raise ValueError(f"low={self.low} must be below high={self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"log needs a low above 0, not {self.low}")
        if self.log and self.step is not None:
            raise ValueError("give either log or step, not both")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError(f"step={self.step} must be above 0 and fit between low and high")
        return self

    @property
    def whole(self) -> bool:
        """Whether the numbers are whole."""
        return all(isinstance(part, int) for part in (self.low, self.high, self.step or 0))

    @property
    def last(self) -> int | float:
        """The highest number that can be chosen: `high`, or the last step below it."""
        if self.step is None:
            return self.high
        return _digits(self.low + self.step * math.floor((self.high - self.low) / self.step + 1e-9), 12)

    @property
    def steps(self) -> tuple[int | float, int] | None:
        """The step between numbers and how many numbers there are; None without a step."""
        step = self.step or (1 if self.whole and not self.log else None)
        return None if step is None else (step, round((self.last - self.low) / step) + 1)

    def grid(self) -> list[int | float] | None:
        """Every number, ascending; None without a step."""
        if self.steps is None:
            return None
        step, count = self.steps
        return [self.used(self.low + step * index) for index in range(count)]

    def at(self, share: float) -> int | float:
        """The number at a share from 0 to 1 of the range; uniform shares give uniform numbers."""
        if self.steps is not None:
            step, count = self.steps
            return self.used(self.low + step * min(int(share * count), count - 1))
        if self.log:
            # half a number more at both ends, which are then as likely as their neighbours
            margin = 0.5 if self.whole else 0.0
            low, high = math.log(self.low - margin), math.log(self.high + margin)
            return self.used(math.exp(low + share * (high - low)))
        return self.used(self.low + share * (self.high - self.low))

    def used(self, value: int | float) -> int | float:
        """A proposed number as it is used: inside the range, with few digits."""
        if self.whole:
            return int(min(max(round(value), self.low), self.last))
        digits = DIGITS if self.step is None else 12
        return float(min(max(_digits(value, digits), self.low), self.last))


class Choices(BaseModel):
    """Values to choose from, in no order: text (such as the name of a file in `conf/`), numbers, null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    choices: list[Value]

    @model_validator(mode="after")
    def _sound(self) -> Choices:
        if len(self.choices) < 2:
            raise ValueError("choices needs two or more values; a single value goes into base")
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
        """A proposed value as it is used: unchanged."""
        return value


Parameter = Range | Choices
#: Setting → what it may be, in the order of the file.
Space = Mapping[str, Parameter]
#: Setting → what it is in one trial.
Point = dict[str, Value]


def grid(space: Space) -> list[Point]:
    """Every combination. Raises ValueError that names a range without a step."""
    columns = []
    for key, parameter in space.items():
        values = parameter.grid()
        if values is None:
            raise ValueError(f"{key}: a grid needs choices, or a range with a step")
        columns.append(values)
    return [dict(zip(space, values, strict=True)) for values in product(*columns)]


def overrides(point: Mapping[str, Value]) -> list[str]:
    """A trial's settings as overrides of the command line."""
    return [f"{key}={literal(value)}" for key, value in point.items()]


def literal(value: Value) -> str:
    """A value as the command line reads it back; text that could mean something else is quoted."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return repr(value)
    if re.fullmatch(r"[A-Za-z_][\w./-]*", value, re.ASCII) and value.lower() not in _WORDS:
        return value
    return hydra_text(value)


def _digits(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")
