"""Rows that give some targets probability zero: how many, and how the others fare."""

from __future__ import annotations

from benchmark import text
from benchmark.report.events import Events
from benchmark.report.rows import Row


def zeros(events: list[Events]) -> list[str]:
    """One sentence for each set of events on which a row's perplexity is infinite for that reason."""
    found = [(group, [row for row in group.rows if row.mean("test_zero_probabilities")]) for group in events]
    return [_sentence(group, rows) for group, rows in found if rows]


def _sentence(group: Events, rows: list[Row]) -> str:
    return (
        f"On {group.title} a perplexity is infinite where targets have probability zero: "
        f"{'; '.join(map(_share, rows))}. A perplexity of the other targets alone compares with no other row."
    )


def _share(row: Row) -> str:
    count, targets = row.mean("test_zero_probabilities") or 0.0, row.mean("test_targets")
    share = f", {text.percent(count / targets)}" if targets else ""
    rest = row.mean("test_perplexity_nonzero")
    others = f" (the others: {text.perplexity(rest)})" if rest is not None else ""
    return f"{row.label}, {count:,.0f} targets{share}{others}"
