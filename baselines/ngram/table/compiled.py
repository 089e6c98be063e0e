"""The loops of `loops.slots` in machine code: those that are kept, or what numba makes for this program."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from baselines.ngram.loops import slots
from baselines.ngram.loops.load import WORTH_COMPILING, loops_for
from benchmark.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable


class SlotLoops(Protocol):
    """See `loops.slots`."""

    fill_hashes: Callable[..., int]
    extend_level: Callable[..., int]


def can_compile() -> bool:
    """Whether there is machine code, or numba to make it."""
    return loops_for(None) is not None or find_spec("numba") is not None


def slot_loops() -> SlotLoops:
    """The loops, which are made if they are not there yet. Raises UserError if that takes numba."""
    return loops_for(None) or _made()


@cache
def _made() -> SlotLoops:
    """For a text of any length, since nothing else can search hash tables. Kept, or for this program alone:
    on other systems than Linux on x86-64, and where no code can be kept."""
    if not find_spec("numba"):
        raise UserError(
            "an index for fast scoring needs numba: pip install numba (or the engine with [fast])"
        )
    if kept := loops_for(WORTH_COMPILING):
        return kept
    from baselines.ngram.loops.build import for_this_program

    loops: Any = for_this_program(slots)
    return loops
