"""How many n-grams of each order a table holds, and in how many bytes."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark import text
from benchmark.report.fields import Field, cells_of, columns_of, number_field, text_field
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Group, Table, TableRow

#: Rows that are drawn; the CSV has all.
MOST = 60


@dataclass(frozen=True)
class _Order:
    """One order of a row's n-gram table."""

    row: Row
    order: int
    entries: int
    nbytes: int

    @property
    def bytes_each(self) -> float | None:
        return self.nbytes / self.entries if self.entries else None

    @property
    def share(self) -> float | None:
        """Its part of the bytes of all orders."""
        return self.nbytes / total if (total := sum(self.row.first.order_bytes)) else None


_FIELDS: tuple[Field[_Order], ...] = (
    text_field("label", "Model", lambda each: each.row.label),
    number_field("order", "Order", lambda each: each.order, text.amount),
    number_field("entries", "n‑grams", lambda each: each.entries, text.amount),
    number_field("bytes", "Bytes", lambda each: each.nbytes, text.size),
    number_field("share", "Share of bytes", lambda each: each.share, text.percent),
    number_field("bytes_each", "Bytes each", lambda each: each.bytes_each, lambda v: text.decimals(v, 1)),
)


def order_sizes(group: RankedGroup) -> Table | None:
    """The orders of every n-gram table of a group; None where no record has them."""
    found = [
        _Order(row, order, entries, nbytes)
        for row in group.rows
        for order, (entries, nbytes) in enumerate(
            zip(row.first.order_entries, row.first.order_bytes, strict=False), start=1
        )
    ]
    if not found:
        return None
    caption = (
        f"The n-grams of each order that models of {group.title} store, and the bytes of their arrays, which "
        "add up to the model's memory. An n-gram of the highest order needs no weight for backing off, and "
        "so takes less."
    )
    rows = tuple(TableRow(cells_of(_FIELDS, each), each.row.number, each.row.family) for each in found)
    return Table(
        f"order_sizes_{group.file}",
        caption,
        columns_of(_FIELDS),
        (Group(rows),),
        most=MOST,
        corpus=group.corpus,
    )
