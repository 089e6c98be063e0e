"""What a report carries in full, so that its page can be passed around: below 1 MB however many runs.

What is left out is said where it is missing, with the file that has it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from benchmark.report.blocks import Block, Fold, Section, Table

#: Bytes of `index.html` and of `report.md`.
PAGE, MARKDOWN = 1_000_000, 500_000


@dataclass(frozen=True)
class Allowance:
    """How much is carried: rows of a table, bytes of a table's or figure's CSV, drawings of a section."""

    rows: int
    data: int
    drawings: int


_ALL = 1_000_000
#: Tried in turn, until the report is small enough. The first is what sections ask for.
ALLOWANCES = (
    Allowance(_ALL, 8_000, _ALL),
    Allowance(_ALL, 0, _ALL),
    Allowance(200, 0, _ALL),
    Allowance(100, 0, 20),
    Allowance(50, 0, 8),
    Allowance(20, 0, 3),
    Allowance(10, 0, 0),
)


def fitted(write: Callable[[Allowance], str], limit: int) -> tuple[str, Allowance]:
    """The first text of at most `limit` bytes, and what it carries; the smallest if none is.

    An allowance never makes a longer text than the one before it, so most need not be tried.
    """
    texts = {0: write(ALLOWANCES[0])}

    def fits(index: int) -> bool:
        if index not in texts:
            texts[index] = write(ALLOWANCES[index])
        return len(texts[index].encode("utf-8")) <= limit

    last = len(ALLOWANCES) - 1
    index = 0 if fits(0) else bisect_left(range(1, last), True, key=fits) + 1
    fits(index)
    return texts[index], ALLOWANCES[index]


def shortened(sections: Iterable[Section], rows: int) -> list[Section]:
    """The sections with at most so many rows drawn of each table."""
    return [replace(section, blocks=_shortened(section.blocks, rows)) for section in sections]


def _shortened(blocks: Sequence[Block], rows: int) -> tuple[Block, ...]:
    return tuple(
        replace(block, most=min(block.most or rows, rows))
        if isinstance(block, Table)
        else replace(block, blocks=_shortened(block.blocks, rows))
        if isinstance(block, Fold)
        else block
        for block in blocks
    )


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, those inside folds among them."""
    for block in blocks:
        yield block
        if isinstance(block, Fold):
            yield from walk(block.blocks)
