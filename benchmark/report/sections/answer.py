"""The answer first: which family wins, by how much, and at what price."""

from __future__ import annotations

from benchmark import text
from benchmark.report.blocks import (
    Block,
    Cell,
    Column,
    Group,
    Paragraph,
    Section,
    Table,
    TableRow,
    figure,
    words,
)
from benchmark.report.context import Context
from benchmark.report.events import Events
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.rows import Row
from benchmark.report.verdict import COSTS, lone, ratio, sentence, summary

ORDER = 0

ABOUT = (
    "Test perplexity is how many equally likely next words a model hesitates between, on text it has not "
    "seen: lower is better. Models are compared only where they predict the same words of the same text."
)

COLUMNS = (
    Column("corpus", "Corpus", level="data"),
    Column("best", ""),
    Column("label", "Model"),
    Column("test_perplexity", "Test perplexity", "right"),
    *(Column(cost.key, cost.title, "right") for cost in COSTS),
)


def build(context: Context) -> Section | None:
    events = [group for group in context.events if group.best("count") or group.best("neural")]
    if not events:
        return None
    main = [group for group in events if group.best("count") and group.best("neural")] or events
    blocks: list[Block]
    if len(main) > 2 and all(group.best("count") and group.best("neural") for group in main):
        blocks = [Paragraph((summary(main),), "answer"), *(Paragraph(sentence(group)) for group in main)]
    else:
        blocks = [Paragraph(sentence(group), "answer") for group in main]
    others = [group for group in events if group not in main]
    if others:
        blocks.append(Paragraph(lone(others), "note"))
    blocks.append(Paragraph((ABOUT,), "note"))
    caption = (
        "The best row of each family, by test perplexity (lower is better). "
        "The last line of each corpus divides neural by counted."
    )
    groups = tuple(_group(group, titled=len(main) > 1) for group in main)
    blocks.append(Table("answer", caption, COLUMNS, groups, head=1))
    return Section("answer", "The answer", tuple(blocks))


def _group(events: Events, titled: bool) -> Group:
    best = {family: events.best(family) for family in FAMILY_NAMES}
    rows = [_row(events, family, row) for family, row in best.items() if row]
    counted, neural = best["count"], best["neural"]
    if counted and neural:
        rows.append(_ratios(events, counted, neural))
    return Group(tuple(rows), events.title if titled else "", corpus=events.corpus)


def _row(events: Events, family: str, row: Row) -> TableRow:
    cells = (
        words(events.title),
        words(f"Best {FAMILY_NAMES[family]}"),
        words(row.label),
        figure(row.perplexity, text.perplexity),
        *(figure(cost.of(row), cost.show) for cost in COSTS),
    )
    return TableRow(cells, row.number, family, best=row.rank == 1)


def _ratios(events: Events, counted: Row, neural: Row) -> TableRow:
    same = counted.machine == neural.machine
    quotients = [figure(ratio(neural.perplexity, counted.perplexity), text.times)]
    for cost in COSTS:
        comparable = same or cost.key == "bytes_in_memory"
        value = ratio(cost.of(neural), cost.of(counted)) if comparable else None
        quotients.append(figure(value, text.times))
    return TableRow((words(events.title), words("Neural ÷ counted"), Cell("", ""), *quotients))
