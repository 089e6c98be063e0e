"""JSON values read as what a record's field is declared to be."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from benchmark.setting_marks import Bounds
from benchmark.text import one_line

#: Marks text that may have several lines. Any other is read as one line, as which it is printed.
SEVERAL_LINES = "several lines"


@cache
def readers_of(kind: type) -> dict[str, Callable[[Any], Any]]:
    """How the JSON value of each field of a dataclass is checked and read."""
    hints = get_type_hints(kind, include_extras=True)
    return {entry.name: reader(hints[entry.name]) for entry in fields(kind)}


def reader(annotation: Any) -> Callable[[Any], Any]:
    """A function that returns a JSON value if it has a field's type and is within its bounds, and
    raises TypeError, which names both."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):  # X | None
        inner = reader(next(argument for argument in arguments if argument is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is Annotated and SEVERAL_LINES in arguments[1:]:
        return lambda value: _instance(str, value)
    if origin is Annotated:
        bounds = [mark for mark in arguments[1:] if isinstance(mark, Bounds)]
        return lambda value: _within(bounds, reader(arguments[0])(value))
    if origin is Literal:
        return lambda value: _one_of(arguments, value)
    if origin is list:
        item = reader(arguments[0])
        return lambda value: [item(each) for each in _instance(list, value)]
    if origin is dict and arguments[1] is not Any:
        item = reader(arguments[1])
        return lambda value: {key: item(each) for key, each in _instance(dict, value).items()}
    if annotation is float:
        return _number
    if annotation is str:
        return lambda value: one_line(_instance(str, value))
    return lambda value: _instance(origin or annotation, value)


def _instance(kind: type, value: Any) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(_CALLED[kind])
    return value


_CALLED: dict[type, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def _one_of(known: tuple[Any, ...], value: Any) -> Any:
    if value not in known:
        raise TypeError(f"one of {', '.join(known)}")
    return value


def _within(bounds: Sequence[Bounds], value: Any) -> Any:
    for bound in bounds:
        if not bound.holds(value):
            raise TypeError(f"a number {bound.said()}")
    return value


def _number(value: Any) -> float:
    if value in ("inf", "-inf"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise TypeError("a number")
    return float(value)
