"""Dividing what there is room for among those who want it."""

from __future__ import annotations

from collections.abc import Sequence


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """How much each gets: all the same, but none more than it wants; what is over goes to the first.

    >>> shares([2, 100, 100], 20)
    [2, 9, 9]
    """
    given = [0] * len(wanted)
    open_to = sorted(range(len(wanted)), key=lambda index: wanted[index])
    while open_to:
        index = open_to.pop(0)
        given[index] = min(wanted[index], -(-room // (len(open_to) + 1)))
        room -= given[index]
    return given
