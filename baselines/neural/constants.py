"""Tensors that follow from shapes alone, such as masks: computed once and kept for a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

#: Results that a function keeps.
KEPT = 16

P = ParamSpec("P")
R = TypeVar("R")

_used: ContextVar[list[object] | None] = ContextVar("used_constants", default=None)


def constant(compute: Callable[P, R]) -> Callable[P, R]:
    """Keep the last KEPT results of a function of hashable arguments."""
    cached = lru_cache(maxsize=KEPT)(compute)

    @wraps(compute)
    def found(*args: P.args, **kwargs: P.kwargs) -> R:
        result = cached(*args, **kwargs)  # type: ignore[arg-type]
        used = _used.get()
        if used is not None:
            used.append(result)
        return result

    return found


@contextmanager
def used_constants() -> Iterator[list[object]]:
    """Collects the constants that are used in this block.

    A captured graph reads them at their addresses long after. Whoever captures must keep this list.
    """
    used: list[object] = []
    token = _used.set(used)
    try:
        yield used
    finally:
        _used.reset(token)
