"""How far one sequence is from another."""

from __future__ import annotations

from collections.abc import Sequence


def edits(given: Sequence[str], right: Sequence[str]) -> int:
    """The least number of insertions, deletions and substitutions that turn one into the other (Levenshtein
    1966)."""
    row = list(range(len(right) + 1))
    for number, symbol in enumerate(given, start=1):
        corner, row[0] = row[0], number
        for place, other in enumerate(right, start=1):
            corner, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, corner + (symbol != other)),
            )
    return row[-1]


def nearest(given: Sequence[str], right: Sequence[Sequence[str]]) -> tuple[int, int]:
    """The edits to the nearest of several right sequences, and the length of that one.

    Of two that are equally near, the longer counts, which makes the error rate the lower.
    """
    return min(((edits(given, each), len(each)) for each in right), key=lambda found: (found[0], -found[1]))
