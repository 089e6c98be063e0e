"""Keeps the page below 1 MB however many runs there are, so that it can be sent around as one file.

Where something is left out, the report says so and links the file that has it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from benchmark.report.blocks import Block, Fold, Section
from benchmark.report.tables import Table

#: Bytes of `index.html` and of `report.md`.
PAGE_LIMIT, MARKDOWN_LIMIT = 1_000_000, 500_000
_ALL = 1_000_000


@dataclass(frozen=True)
class Allowance:
    """What a report may contain: rows of a table, bytes of an embedded CSV, drawings of a section (packed if
    it is folded), and the packed rows that a filtered table leaves out (see `page_rows`)."""

    rows: int
    data: int
    drawings: int
    packed: bool = True

    @property
    def linked(self) -> str:
        """What the page links that it might include."""
        parts = ["tables"] * (self.rows < _ALL) + ["figures"] * (self.drawings < _ALL)
        return f"CSV files and some {' and '.join(parts)}" if parts else "CSV files"


#: Tried in this order until the report is small enough. The first is what the sections ask for.
ALLOWANCES = (
    Allowance(_ALL, 16_000, _ALL),
    Allowance(_ALL, 0, _ALL),
    Allowance(200, 0, _ALL),
    Allowance(150, 0, _ALL),
    Allowance(100, 0, _ALL),
    Allowance(50, 0, _ALL),
    Allowance(20, 0, _ALL),
    Allowance(20, 0, 20),
    *(Allowance(20, 0, drawings) for drawings in (8, 7, 6, 5, 4, 3)),
    Allowance(10, 0, 0),
    Allowance(5, 0, 0),
    Allowance(5, 0, 0, packed=False),
)


def fit_to_limit(write: Callable[[Allowance], str], limit: int) -> tuple[str, Allowance]:
    """The text under the first allowance that keeps it within `limit` bytes, and that allowance.

    The last allowance is taken where none does. Each allowance gives a text no longer than the one before,
    so a binary search finds the first that fits.
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


def with_fewer_rows(sections: Iterable[Section], rows: int) -> list[Section]:
    """The sections, with at most `rows` rows drawn of each table."""
    if rows == _ALL:
        return list(sections)
    return [replace(section, blocks=_with_fewer_rows(section.blocks, rows)) for section in sections]


def _with_fewer_rows(blocks: Sequence[Block], rows: int) -> tuple[Block, ...]:
    return tuple(
        replace(block, most=min(block.most or rows, rows))
        if isinstance(block, Table)
        else replace(block, blocks=_with_fewer_rows(block.blocks, rows))
        if isinstance(block, Fold)
        else block
        for block in blocks
    )
