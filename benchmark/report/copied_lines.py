"""The best rows without the lines that the test text has from the training text."""

from __future__ import annotations

from benchmark import text
from benchmark.corpus.overlap import LONG
from benchmark.measure.measures import BY_KEY, TEST_PERPLEXITY
from benchmark.report.blocks import Block
from benchmark.report.context import Context
from benchmark.report.fields import FAMILY, LABEL, Field, cells_of, columns_of, measure_field, number_field
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Group, Table, TableRow

NEW = BY_KEY["test_perplexity_new"]
#: Rows of each family that are shown; the comparison has all.
EACH = 2
#: Less than this share of the targets moves no perplexity that is shown.
LEAST = 0.001


def copies(context: Context) -> list[Block]:
    """A short table of the corpora whose test text shares lines with its training text; none without one."""
    found = [(group, rows) for group in context.ranked_groups if _share(group) and (rows := _rows(group))]
    if not found:
        return []
    fields: tuple[Field[Row], ...] = (
        LABEL,
        FAMILY,
        measure_field(TEST_PERPLEXITY),
        number_field(NEW.key, NEW.title, lambda row: row.mean(NEW), NEW.show),
        number_field("copied_gain", "What copies gain", _gain, text.signed_percent),
    )
    caption = (
        f"Test perplexity with and without the targets in lines of {LONG} words and more that the training "
        "text has, too: of each family, the best rows of which it is known. A model that remembers its "
        "training text gains by the copies."
    )
    groups = tuple(
        Group(
            tuple(TableRow(cells_of(fields, row), row.number, row.family) for row in rows),
            group.title,
            f"{text.percent(_share(group))} of the test targets are copied; known of "
            f"{sum(map(_is_known, group.rows))} of {text.plural(len(group.rows), 'row')}",
            group.corpus,
        )
        for group, rows in found
    )
    return [Table("copied_lines", caption, columns_of(fields), groups)]


def _share(group: RankedGroup) -> float:
    """The share of the test targets that are copied; 0 where it is not known, or too small to be seen."""
    shares = [row.first.test_copied for row in group.rows if row.first.test_copied is not None]
    return shares[0] if shares and shares[0] >= LEAST else 0.0


def _rows(group: RankedGroup) -> list[Row]:
    """The first rows of each family of which it is known, in order of rank."""
    kept = [
        row for family in FAMILY_NAMES for row in [r for r in group.family(family) if _is_known(r)][:EACH]
    ]
    return sorted(kept, key=lambda row: row.rank or 0)


def _is_known(row: Row) -> bool:
    return row.mean(NEW) is not None


def _gain(row: Row) -> float | None:
    """By what share the copies lower the perplexity: below 0 where they do."""
    new = row.mean(NEW)
    return row.perplexity / new - 1 if row.perplexity is not None and new else None
