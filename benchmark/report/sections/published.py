"""Published numbers beside ours, with their sources and the protocol they were measured under."""

from __future__ import annotations

import math
from typing import Any

from benchmark.report import text
from benchmark.report.blocks import Column, Group, Paragraph, Section, Table, TableRow, figure, words
from benchmark.report.context import Context
from benchmark.report.events import Events
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.rows import Row, number_of

ORDER = 80
#: Rows of each family that are shown beside them, best first.
OURS = 4

COLUMNS = (
    Column("corpus", "Corpus", level="data"),
    Column("test_perplexity", "Test perplexity", "right"),
    Column("label", "Model"),
    Column("source", "Source"),
    Column("protocol", "Protocol"),
)


def build(context: Context) -> Section | None:
    groups = tuple(group for events in context.events if (group := _group(events)))
    if not groups:
        return None
    warning = (
        "Numbers from the literature, beside this report's. A published number may rest on other events "
        "(other tokens, another vocabulary) or another history; its protocol column says what is known."
    )
    caption = "Published and measured test perplexities, best first; lower is better."
    table = Table("published", caption, COLUMNS, groups, head=2)
    return Section("published", "Beside published numbers", (Paragraph((warning,)), table))


def _group(events: Events) -> Group | None:
    published = _published(events)
    if not published:
        return None
    lines = [(number_of(item, "perplexity") or math.inf, 1, _theirs(events, item)) for item in published]
    ours = [row for name in FAMILY_NAMES for row in events.family(name)[:OURS]]
    lines += [(row.perplexity or math.inf, 0, _ours(events, row)) for row in ours]
    lines.sort(key=lambda line: line[:2])
    return Group(tuple(row for _, _, row in lines), events.title, corpus=events.corpus)


def _published(events: Events) -> list[dict[str, Any]]:
    """What the corpus cites, taken from every row, once each."""
    found: dict[str, dict[str, Any]] = {}
    for row in events.rows:
        for item in row.first.get("published") or []:
            if isinstance(item, dict) and number_of(item, "perplexity") is not None:
                found.setdefault(repr(sorted(item.items(), key=str)), item)
    return list(found.values())


def _theirs(events: Events, item: dict[str, Any]) -> TableRow:
    cells = (
        words(events.title),
        figure(number_of(item, "perplexity"), text.perplexity),
        words(item.get("model")),
        words(item.get("source")),
        words(item.get("protocol")),
    )
    return TableRow(cells)


def _ours(events: Events, row: Row) -> TableRow:
    cells = (
        words(events.title),
        figure(row.perplexity, text.perplexity),
        words(row.label),
        words("this report"),
        words(f"{events.protocol[:6]}, history by {row.shared('context')}"),
    )
    return TableRow(cells, row.number, row.family, best=True)
