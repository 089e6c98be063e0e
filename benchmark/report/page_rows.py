"""The HTML of table rows. A row is made once, however often the page is written until it fits its limit."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup

from benchmark.report.blocks import Section, all_blocks
from benchmark.report.tables import Table, TableRow


def packed(lines: Iterable[str]) -> str:
    """Lines that the page's script unpacks (`templates/left_out.js`), in base64 of zlib."""
    return base64.b64encode(zlib.compress("\n".join(lines).encode(), 9)).decode()


@dataclass(frozen=True)
class _Made:
    """A row (kept, so that no other row gets its id), its start tag, and its cells that are shown."""

    row: TableRow
    start: str
    cells: tuple[str, ...]


class PageRows:
    """Rows as the templates of the page make and escape them: a start tag by `start`, a cell by `cell`."""

    def __init__(self, start: Callable[[TableRow], str], cell: Callable[[Table, TableRow, int], str]) -> None:
        self._start = start
        self._cell = cell
        self._made: dict[tuple[str, int], _Made] = {}

    def prepare(self, sections: Iterable[Section]) -> None:
        """Makes the rows of all tables."""
        for section in sections:
            for table in all_blocks(section.blocks):
                if isinstance(table, Table):
                    for group in table.groups:
                        for row in group.rows:
                            self._of(table, row)

    def html(self, table: Table, row: TableRow) -> Markup:
        """A row with its tags."""
        made = self._of(table, row)
        return Markup(f"{made.start}\n{''.join(made.cells)}</tr>")

    def packed(self, table: Table) -> str:
        """The rows of a filtered table that the page does not draw, in base64 of zlib.

        The page's script (`templates/left_out.js`) puts them back as the page begins, so that the filters
        find every row. A row of the comparison takes a kilobyte of HTML; packed, it takes a tenth of that.
        Without scripts there are no filters.

        The text has one line for each row of: the places of its group and of itself in the group, its start
        tag, and each of its cells. All lines of a kind stand together, because like stands beside like then,
        which halves the size.
        """
        rows = [(group, place, self._of(table, row)) for group, place, row in table.left_out()]
        kinds = [
            [f"{group} {place}" for group, place, _ in rows],
            [made.start for _, _, made in rows],
            *map(list, zip(*(made.cells for _, _, made in rows), strict=True)),
        ]
        lines = [" ".join(line.split()) for kind in kinds for line in kind]
        return packed(lines)

    def _of(self, table: Table, row: TableRow) -> _Made:
        key = table.name, id(row)
        if key not in self._made:
            shown = table.visible("key", "more")
            cells = tuple(str(self._cell(table, row, column)) for column in shown)
            self._made[key] = _Made(row, str(self._start(row)), cells)
        return self._made[key]
