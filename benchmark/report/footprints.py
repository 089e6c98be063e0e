"""What a process of its own found: memory and time of loading a model, beside the bytes of its arrays."""

from __future__ import annotations

from dataclasses import replace

from benchmark import text
from benchmark.measure.measures import BY_KEY
from benchmark.report.fields import LABEL, Field, cells_of, columns_of, measure_field, number_field
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Group, Table, TableRow

#: Rows that are drawn; the CSV has all.
MOST = 30


def _shown(key: str) -> Field[Row]:
    """The column of a measure, on the page even if the comparison has it in the CSV only."""
    field = measure_field(BY_KEY[key])
    return replace(field, column=replace(field.column, level="key"))


_FIELDS: tuple[Field[Row], ...] = (
    LABEL,
    _shown("bytes_in_memory"),
    _shown("load_resident_bytes"),
    _shown("score_resident_bytes"),
    number_field("targets", "Targets scored", lambda row: row.first.footprint_targets, text.amount, "data"),
    *map(
        _shown,
        ("base_resident_bytes", "load_seconds", "start_seconds", "bytes_on_disk", "bytes_compressed"),
    ),
)


def footprints(group: RankedGroup) -> Table | None:
    """The table of a group; None where no such process was started."""
    rows = [row for row in group.rows if row.first.footprint_targets is not None]
    if not rows:
        return None
    caption = (
        f"What models of {group.title} hold and wait for in a fresh process that loads the saved model and "
        "scores the front of the test text. “Memory” is the bytes of the model's arrays. The others are "
        "resident memory, as the system counts it: what the loaded model adds to the process, what it adds "
        "at most while it scores, and what the process holds without a model. Tables of n-grams are mapped "
        "into memory and count as far as they were read."
    )
    drawn = tuple(TableRow(cells_of(_FIELDS, row), row.number, row.family) for row in rows)
    return Table(
        f"footprint_{group.file}",
        caption,
        columns_of(_FIELDS),
        (Group(drawn),),
        sortable=True,
        most=MOST,
        corpus=group.corpus,
    )
