"""The comparison as plain text, for the end of a sweep in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark import text
from benchmark.report.context import Context
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.ranking_notes import ranking_notes
from benchmark.report.rows import Row
from benchmark.report.sections.comparison import stored
from benchmark.terminal import Column, table

COLUMNS = (
    Column("#", right=True),
    Column("model", folds=True),
    Column("family", spare=3),
    Column("history", spare=2),
    Column("perplexity", right=True),
    Column("± sd", right=True),
    Column("memory", right=True, spare=6),
    Column("stored", right=True, spare=1),
    Column("training", right=True, spare=5),
    Column("scoring", right=True, spare=4),
)


def plain_table(context: Context, most: int | None = None) -> str:
    """Ranked rows by corpus, then those of a share of the text, then those without a rank and why.

    With `most`, no more rows than that of each.
    """
    parts = [_ranked_lines(group, most) for group in context.ranked_groups]
    parts += ranking_notes(context.ranked_groups)
    shares = [row for row in context.rows if row.done and row.normalised and row.train_share != 1]
    if shares:
        lines = [f"  {_name(row)}: {text.perplexity(row.perplexity)}" for row in shares]
        parts.append("\n".join(["Test perplexity from a share of the training text:", *_some(lines, most)]))
    apart = [f"  {_name(row)}: {_why(row)}" for row in context.rows if not row.done or not row.normalised]
    if apart:
        parts.append("\n".join(["Not ranked:", *_some(apart, most)]))
    return "\n\n".join(parts)


def _some(lines: list[str], most: int | None) -> list[str]:
    return [*lines[: _shown(lines, most)], *_left_out(lines, most)]


def _shown(rows: Sequence[object], most: int | None) -> int:
    """How many of the rows are shown: all of them, too, where one more than `most` would be left."""
    return len(rows) if most is None or len(rows) - most <= 1 else most


def _left_out(rows: Sequence[object], most: int | None) -> list[str]:
    number = len(rows) - _shown(rows, most)
    return [f"  … and {number:,} more: nextword report --table"] if number else []


def _ranked_lines(group: RankedGroup, most: int | None) -> str:
    heading = (
        f"{group.title}: test perplexity, lower is better ({group.targets_summary or 'no details recorded'})"
    )
    rows = [_cells(row) for row in group.rows]
    return "\n".join([heading, table(COLUMNS, rows[: _shown(rows, most)]), *_left_out(rows, most)])


def _cells(row: Row) -> tuple[str, ...]:
    deviation = row.deviation("test_perplexity")
    speed = row.timed("score_tokens_per_second")
    return (
        str(row.rank),
        text.clean(row.label),
        FAMILY_NAMES.get(row.family, row.family),
        row.shared("context"),
        text.perplexity(row.perplexity),
        text.significant(deviation, 2) if deviation is not None else "",
        text.size(row.mean("bytes_in_memory")),
        stored(row).shown,
        text.duration(row.timed("train_seconds")),
        f"{text.amount(speed)}/s" if speed is not None else text.NONE,
    )


def _name(row: Row) -> str:
    return f"{row.label} on {row.corpus or 'an unnamed corpus'}"


def _why(row: Row) -> str:
    if row.done:
        return "its scores do not sum to one, so it has no perplexity"
    reason = text.clean(row.shared("reason") or "no reason was recorded", 200)
    return f"{row.shared('status') or 'unknown'} ({reason})"
