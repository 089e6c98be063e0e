"""Settings that a program gives: memory, lists of numbers or words, and the settings of methods."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from baselines.ngram.sorting.storage import parse_bytes
from benchmark.arguments import whole
from benchmark.contract import Bounds
from benchmark.errors import UserError


def size(memory: Any) -> int | None:
    """A limit on memory in bytes, given as such, as "2G", or as None. Raises UserError."""
    if memory is None:
        return None
    return parse_bytes(memory, "memory=") if isinstance(memory, str) else whole("memory", memory, 1)


def numbers(name: str, values: Any, example: str) -> list[Any]:
    """A list of numbers, not necessarily finite. Raises UserError for anything else."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise UserError(f"{name}={values!r} is not usable: give a list of numbers, such as {example}")
    given = list(values)
    if not all(isinstance(each, Real) for each in given):
        raise UserError(f"{name}={given} is not usable: give numbers, such as {example}")
    return given


def word_list(name: str, words: Any) -> list[str]:
    """The words of a setting. Raises UserError for a path, which would be taken for a list of its letters."""
    if isinstance(words, str | bytes) or not isinstance(words, Iterable):
        way = "give a list of words, such as Path(…).read_text(encoding='utf-8').split()"
        raise UserError(f"{name}={words!r} is not usable: {way}")
    return list(words)


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is what an annotation says: a type, a choice, or a number within `Bounds`."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        bounds = [mark for mark in parts[1:] if isinstance(mark, Bounds)]
        return fits(value, parts[0]) and all(mark.holds(value) for mark in bounds)
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in parts)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        return isinstance(value, tuple | list) and all(fits(item, parts[0]) for item in value)
    if kind is float:
        return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def said(kind: Any) -> str:
    """What an annotation says, for an error message."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        bounds = [mark.said() for mark in parts[1:] if isinstance(mark, Bounds)]
        return " ".join([said(parts[0]), *bounds])
    if origin in (Union, UnionType):
        return " or ".join(map(said, parts))
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin is tuple:
        return f"a list, each {said(parts[0])},"
    names = {float: "a number", int: "a whole number", str: "text", NoneType: "None"}
    return names.get(kind, str(kind))
