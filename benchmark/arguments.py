"""Arguments that a Python program gives. What is wrong with one is a line that names it and the way out."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from numbers import Real
from typing import Any

from benchmark.errors import UserError


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """A whole number from `least` to `most`, of Python's or NumPy's. Raises UserError for anything else."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        up_to = "" if most is None else f" to {most}"
        raise UserError(f"{name}={value!r} is not usable: give a whole number from {least}{up_to}")
    return number


def number_from(name: str, value: Any, least: float, example: str) -> float:
    """A finite number from `least`. Raises UserError for anything else."""
    usable = isinstance(value, Real) and not isinstance(value, bool)
    if not usable or not math.isfinite(value) or value < least:
        raise UserError(f"{name}={value!r} is not usable: give a number from {least:g}, such as {example}")
    return float(value)


def names(name: str, value: Any, example: str) -> list[str]:
    """One name, or several in a list. Raises UserError for anything else."""
    if isinstance(value, str):
        return [value]
    given: list[Any] = list(value) if isinstance(value, Iterable) and not isinstance(value, bytes) else [None]
    if not all(isinstance(each, str) for each in given):
        raise UserError(f"{name}={value!r} is not usable: give a list of names, such as {example}")
    return given


def tokens(name: str, value: Any) -> list[str]:
    """The tokens of a text that is given as a list of them. Raises UserError for anything else."""
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        raise UserError(f"{name} is {value!r:.40}, which is no text: give a string, or a list of tokens")
    given = list(value)
    for token in given:
        if not isinstance(token, str):
            raise UserError(f"{name} has {token!r:.40}, which is no token: give a list of strings")
    return given
