"""Plain data: dictionaries, lists, text, numbers, true, false and null, within bounds."""

from __future__ import annotations

import math
import re
from typing import Any

#: The whole numbers that a file of ours holds, those of 64 bits: other programs read no others.
WHOLE = range(-(2**63), 2**63)
#: More levels than any file of ours has.
MOST_LEVELS = 64
#: More values than any file of ours has, but for lists of words.
MOST_VALUES = 5_000_000


def plain(data: Any, *, finite: bool = True, most_values: int = MOST_VALUES) -> Any:
    """The data, once it is found to be plain. Raises ValueError for anything else in it."""
    _Checked(finite, most_values).size(data, 1)
    return data


class _Checked:
    """Checks data and counts its values. What aliases of YAML share counts wherever it stands, so that a few
    lines cannot stand for more values than any memory holds."""

    def __init__(self, finite: bool, most_values: int) -> None:
        self._finite, self._most_values = finite, most_values
        self._known: dict[int, tuple[int, int]] = {}

    def size(self, value: Any, level: int) -> tuple[int, int]:
        """How many values it stands for, and how many levels it has. Raises ValueError."""
        if not isinstance(value, dict | list):
            self._check([value])
            return 1, 0
        if level > MOST_LEVELS:
            raise ValueError("it is nested too deeply")
        if id(value) not in self._known:
            self._known[id(value)] = self._counted(value, level)
        values, levels = self._known[id(value)]
        if level + levels - 1 > MOST_LEVELS:
            raise ValueError("it is nested too deeply")
        return values, levels

    def _counted(self, value: dict[Any, Any] | list[Any], level: int) -> tuple[int, int]:
        items = [*value, *value.values()] if isinstance(value, dict) else value
        nested = [item for item in items if isinstance(item, dict | list)]
        self._check([item for item in items if not isinstance(item, dict | list)] if nested else items)
        sizes = [self.size(item, level + 1) for item in nested]
        values = 1 + len(items) + sum(size for size, _ in sizes)
        if values > self._most_values:
            raise ValueError("it stands for too many values")
        return values, 1 + max((levels for _, levels in sizes), default=0)

    def _check(self, scalars: list[Any]) -> None:
        """Raise ValueError for a value that is not plain. Values of one type are checked at once: long lists
        are lists of numbers."""
        for kind in set(map(type, scalars)):
            alike: list[Any] = [value for value in scalars if type(value) is kind]
            if kind is str:
                if not all(map(str.isascii, alike)) and any(map(_SURROGATE.search, alike)):
                    raise ValueError("it holds text that is no Unicode")
            elif kind is int:
                if min(alike) not in WHOLE or max(alike) not in WHOLE:
                    raise ValueError("it holds an integer beyond 64 bits")
            elif kind is float:
                if any(map(math.isnan, alike)):
                    raise ValueError("it holds a number that is NaN")
                if self._finite and any(map(math.isinf, alike)):
                    raise ValueError("it holds a number beyond all floating-point numbers")
            elif kind not in (bool, type(None)):
                raise ValueError(f"it holds a value of type {kind.__name__}")


_SURROGATE = re.compile("[\ud800-\udfff]")
