"""How often Python looks for garbage while a report is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: New objects after which Python looks for those that nothing but each other refers to; a figure has about
#: as many.
OBJECTS = 50_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Makes collections rare, in this process and in those that it forks.

    At the usual rate, one every 700 objects, they took an eighth of a report's time and found little but the
    figures that had been drawn.
    """
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
