"""The comparison as plain text: for a terminal, and for the end of a sweep."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from typing import Any

from benchmark import text
from benchmark.console.terminal import Column, table
from benchmark.measure.measures import COSTS, MEASURES, TEST_PERPLEXITY
from benchmark.report import fields, tables
from benchmark.report.context import Context
from benchmark.report.ranking_notes import ranking_notes
from benchmark.report.rows import Row
from benchmark.report.sections.comparison import comparison
from benchmark.report.task_groups import TaskGroup, why_unranked
from benchmark.report.task_tables import task_table

#: The columns that a narrow terminal leaves out, in this order.
SPARE = (
    *(measure.key for measure in MEASURES if measure not in (TEST_PERPLEXITY, *COSTS)),
    "is_tuned",
    fields.HISTORY.column.key,
    fields.FAMILY.column.key,
    *(cost.key for cost in reversed(COSTS)),
    "test_perplexity_sd",
)
#: The columns whose text may go on in the next line.
FOLDING = (fields.LABEL.column.key,)


def plain_table(context: Context, most: int | None = None) -> str:
    """Ranked rows by corpus, then those of tasks, then those trained on a share of the text, then those
    without a rank and why.

    With `most`, at most about so many rows of each.
    """
    ranked = comparison(context)
    parts = [
        f"{group.title} (protocol {group.protocol[:6]}): lower perplexity is better\n"
        f"{'; '.join(filter(None, (group.targets_summary, group.blocks_summary)))}\n"
        f"{group_text(ranked, rows, most)}"
        for group, rows in zip(context.ranked_groups, ranked.groups, strict=True)
    ]
    parts += [note.line for note in ranking_notes(context.ranked_groups)]
    parts += [_task_text(group, context, most) for group in context.task_groups]
    shares = [row for row in context.rows if row.done and row.normalised and row.train_share != 1]
    if shares:
        lines = [f"  {_name(row)}: {text.perplexity(row.perplexity)}" for row in shares]
        parts.append("\n".join(["Test perplexity from a share of the training text:", *_first(lines, most)]))
    unranked = [f"  {_name(row)}: {why}" for row, why in _unranked(context)]
    if unranked:
        parts.append("\n".join(["Not ranked:", *_first(unranked, most)]))
    return "\n\n".join(parts)


def as_json(context: Context) -> dict[str, Any]:
    """The comparison for other programs: ranked rows, best first, by the targets they were scored on, and
    those of tasks, and those without a rank. A row holds every measure by its key; null: not measured."""
    ranked = comparison(context)
    groups = [
        {
            "title": group.title,
            "protocol_id": group.protocol,
            "rows": _values(ranked, its_rows),
        }
        for group, its_rows in zip(context.ranked_groups, ranked.groups, strict=True)
    ]
    shares = [row for row in context.rows if row.done and row.normalised and row.train_share != 1]
    return {
        "groups": groups,
        "tasks": [_task_json(group, context) for group in context.task_groups],
        "shares_of_training_text": [
            {
                "label": row.label,
                "corpus": row.corpus,
                "train_share": row.train_share,
                "test_perplexity": row.perplexity,
            }
            for row in shares
        ],
        "not_ranked": [
            {"label": row.label, "corpus": row.corpus, "status": row.first.status, "reason": why}
            for row, why in _unranked(context)
        ],
    }


def _task_text(group: TaskGroup, context: Context, most: int | None) -> str:
    """The methods of a task on one corpus, best first."""
    table, main = task_table(group, context), group.task.main
    better = "higher" if main.higher_is_better else "lower"
    others = (measure.key for measure in group.task.measures if measure is not main)
    spare = (*others, "is_tuned", "family", *(cost.key for cost in reversed(COSTS)), f"{main.key}_interval")
    return (
        f"{group.title} (protocol {group.protocol[:6]}): {better} {main.name} is better\n"
        f"{group.basis}\n{group_text(table, table.groups[0], most, spare)}"
    )


def _task_json(group: TaskGroup, context: Context) -> dict[str, Any]:
    """The same with every measure by its key; shares are from 0 to 1."""
    table = task_table(group, context)
    return {
        "title": group.title,
        "corpus": group.corpus,
        "protocol_id": group.protocol,
        "train_share": group.train_share,
        "task": group.task.name,
        "measure": group.task.main.key,
        "higher_is_better": group.task.main.higher_is_better,
        "rows": _values(table, table.groups[0]),
    }


def _values(table: tables.Table, group: tables.Group) -> list[dict[str, float | str | None]]:
    """The rows of a group: the value of each column by its key."""
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, (cell.value for cell in row.cells), strict=True)) for row in group.rows]


def _first(lines: list[str], most: int | None) -> list[str]:
    return [*lines[: _shown(lines, most)], *_left_out(lines, most)]


def _shown(rows: Sequence[object], most: int | None) -> int:
    """How many of the rows are shown. All are where only one would be left out."""
    return len(rows) if most is None or len(rows) - most <= 1 else most


def _left_out(rows: Sequence[object], most: int | None) -> list[str]:
    number = len(rows) - _shown(rows, most)
    return [f"  … and {number:,} more: nextword report --table"] if number else []


def group_text(
    whole: tables.Table,
    group: tables.Group,
    most: int | None = None,
    spare: Sequence[str] = SPARE,
    folding: Collection[str] = FOLDING,
) -> str:
    """The key columns of one group of a table.

    `spare` and `folding` are the keys of the columns that a narrow terminal leaves out, in this order, and
    of those that it folds.
    """
    shown = whole.visible("key")
    rows = [[row.cells[i].shown for i in shown] for row in group.rows]
    columns = [
        _column(whole.columns[i], [row[place] for row in rows], spare, folding)
        for place, i in enumerate(shown)
    ]
    return "\n".join([table(columns, rows[: _shown(rows, most)]), *_left_out(rows, most)])


def _column(
    column: tables.Column, cells: Sequence[str], spare: Sequence[str], folding: Collection[str]
) -> Column:
    """The column for a terminal, its title broken into lines no wider than its cells, where that can be."""
    title = column.title
    if column.align == "right":
        width = max(map(len, (*cells, *title.split())))
        title = "\n".join(textwrap.wrap(title, width, break_long_words=False, break_on_hyphens=False))
    order = spare.index(column.key) + 1 if column.key in spare else 0
    return Column(title, right=column.align == "right", folds=column.key in folding, spare=order)


def _name(row: Row) -> str:
    return f"{row.label} on {row.corpus or 'an unnamed corpus'}"


def _unranked(context: Context) -> list[tuple[Row, str]]:
    """The rows without a rank, each with the reason."""
    models = [(row, _why(row)) for row in context.rows if not row.done or not row.normalised]
    return models + [(row, _why(row)) for row in context.unranked_of_tasks]


def _why(row: Row) -> str:
    if row.done and row.first.task is not None:
        return why_unranked(row)
    if row.done:
        return "its scores do not sum to one, so it has no perplexity"
    return f"{row.first.status} ({text.clean(row.reason, 200)})"
