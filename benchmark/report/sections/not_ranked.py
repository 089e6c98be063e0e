"""Rows without a rank: runs that gave no result, and models whose scores are not probabilities."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark import text
from benchmark.measure.measures import MEASURES
from benchmark.report.blocks import Block, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.fields import CORPUS, LABEL, Field, cells_of, columns_of, measure_field, text_field
from benchmark.report.rows import Row
from benchmark.report.tables import Group, Table, TableRow

ORDER = 20
#: Beyond this many runs without a result, the rest are in the CSV only.
MOST = 100
#: Characters of a reason that are shown.
REASON = 400


def build(context: Context) -> Section | None:
    unfinished = [row for row in context.rows if not row.done]
    unnormalised = [row for row in context.rows if row.done and not row.normalised]
    blocks: list[Block] = []
    if unnormalised:
        explained = (
            "The scores of these models do not sum to one over the vocabulary. A perplexity computed from "
            "them could not be compared with any other, so none is given."
        )
        blocks += [Paragraph((explained,)), _unnormalised(unnormalised)]
    if unfinished:
        blocks.append(_unfinished(unfinished))
    return Section("not-ranked", "Not ranked", tuple(blocks)) if blocks else None


def _unnormalised(rows: Sequence[Row]) -> Table:
    """What else is known of these models: the key measures that any of them has."""
    known = [m for m in MEASURES if m.level == "key" and any(row.mean(m) is not None for row in rows)]
    fields = (CORPUS, LABEL, *map(measure_field, known))
    return _table("unnormalised", "Models without a perplexity.", fields, rows)


def _unfinished(rows: Sequence[Row]) -> Table:
    fields: tuple[Field[Row], ...] = (
        CORPUS,
        LABEL,
        text_field("seeds", "Seeds", lambda row: ", ".join(_seeds(row)) or None),
        text_field("status", "Status", lambda row: row.first.status),
        text_field("reason", "Reason", lambda row: text.clean(row.reason, REASON)),
    )
    caption = "Runs that gave no result, and why. The other runs of a sweep are not affected."
    return _table("unfinished", caption, fields, rows, most=MOST)


def _seeds(row: Row) -> list[str]:
    return sorted(str(run.result.seed) for run in row.runs if run.result.seed is not None)


def _table(
    name: str, caption: str, fields: Sequence[Field[Row]], rows: Sequence[Row], most: int = 0
) -> Table:
    drawn = tuple(TableRow(cells_of(fields, row), row.number, row.family) for row in rows)
    return Table(name, caption, columns_of(fields), (Group(drawn),), head=1, most=most)
