"""The rows of a filtered table that the page does not draw, packed for its script (`templates/left_out.js`).

The filters are to find every row, but a row of the comparison takes a kilobyte of HTML. Packed, it takes a
tenth of that. The script puts the rows back as the page begins; without scripts there are no filters.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable

from benchmark.report.tables import Table, TableRow


def packed_rows(
    table: Table, row_start: Callable[[TableRow], str], cell: Callable[[Table, TableRow, int], str]
) -> str:
    """The rows that are left out, in base64 of zlib.

    The text has one line for each row of: the places of its group and of itself in the group, its start tag,
    and each of its cells. They are made and escaped by the page's own templates. All lines of a kind stand
    together, because like stands beside like then, which halves the size.
    """
    rows = table.left_out()
    kinds = [
        [f"{group} {place}" for group, place, _ in rows],
        [row_start(row) for _, _, row in rows],
        *([cell(table, row, i) for _, _, row in rows] for i in table.visible("key", "more")),
    ]
    lines = [" ".join(line.split()) for kind in kinds for line in kind]
    return base64.b64encode(zlib.compress("\n".join(lines).encode(), 9)).decode()
