"""Published numbers beside ours, with their sources and protocols."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from benchmark import text
from benchmark.measure.measures import TEST_PERPLEXITY, VALID_PERPLEXITY
from benchmark.report.blocks import Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.model_settings import number_in
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Column, Group, Table, TableRow, number_cell, text_cell

ORDER = 80
#: The best rows of each family that are shown, beside every row that reproduces a published one.
OURS = 4

COLUMNS = (
    Column("corpus", "Corpus", level="data"),
    Column(TEST_PERPLEXITY.key, TEST_PERPLEXITY.title, "right"),
    Column(VALID_PERPLEXITY.key, VALID_PERPLEXITY.title, "right", level="more"),
    Column("label", "Model"),
    Column("source", "Source"),
    Column("protocol", "Protocol"),
)


def build(context: Context) -> Section | None:
    groups = tuple(found for group in context.ranked_groups if (found := _group(group)))
    if not groups:
        return None
    warning = (
        "Numbers from the literature beside those of this report. A published number may have been measured "
        "on other targets (other tokens, another vocabulary) or with another history; the protocol column "
        "says what is known."
    )
    caption = "Published and measured test perplexities, best first; lower is better."
    table = Table("published", caption, COLUMNS, groups, head=3)
    return Section("published", "Comparison with published numbers", (Paragraph((warning,)), table))


def _group(group: RankedGroup) -> Group | None:
    published = _published(group)
    if not published:
        return None
    lines = [(_perplexity(item) or math.inf, 1, _theirs(group, item)) for item in published]
    best = [row for name in FAMILY_NAMES for row in group.family(name)[:OURS]]
    ours = [row for row in group.rows if row in best or any(_reproduces(row, item) for item in published)]
    lines += [(row.perplexity or math.inf, 0, _ours(group, row)) for row in ours]
    lines.sort(key=lambda line: line[:2])
    return Group(tuple(row for _, _, row in lines), group.title, corpus=group.corpus)


def _published(group: RankedGroup) -> list[dict[str, Any]]:
    """The published numbers that the latest run recorded: they may correct those of older runs."""
    records = [run.result for row in group.rows for run in row.runs]
    citing = [record for record in records if record.published]
    if not citing:
        return []
    latest = max(citing, key=lambda record: (record.started or "", record.run_id))
    return [item for item in latest.published if _perplexity(item) is not None]


def _perplexity(item: dict[str, Any]) -> float | None:
    """The published perplexity; bits per character are converted to a perplexity per character."""
    bits = number_in(item, "bits_per_character")
    return number_in(item, "perplexity") or (None if bits is None else 2**bits)


def _reproduces(row: Row, item: dict[str, Any]) -> bool:
    """Whether a row's label says that it reproduces a published number.

    It either names the model in the same words, in any order (`Modified Kneser-Ney 5-gram` for `5-gram,
    modified Kneser-Ney`), or the paper (`… (Grave et al. 2017)` for the source `Grave et al. (2017), …`).
    """
    if sorted(_words(row.label)) == sorted(_words(item.get("model"))):
        return True
    paper, year = str(item.get("source")).partition(")")[0].rpartition("(")[::2]
    return bool(paper and year) and f"{paper.strip()} {year}" in row.label


def _words(name: object) -> list[str]:
    return re.findall(r"\w+", str(name).casefold())


def _theirs(group: RankedGroup, item: dict[str, Any]) -> TableRow:
    bits = number_in(item, "bits_per_character")
    given = "" if bits is None else f" (given as {bits:g} bits per character)"
    cells = (
        text_cell(group.title),
        number_cell(_perplexity(item), text.perplexity),
        number_cell(number_in(item, "valid_perplexity"), text.perplexity),
        text_cell(item.get("model")),
        text_cell(item.get("source")),
        text_cell(f"{text.clean(item.get('protocol') or text.NONE)}{given}"),
    )
    return TableRow(cells)


def _ours(group: RankedGroup, row: Row) -> TableRow:
    cells = (
        text_cell(group.title),
        number_cell(row.perplexity, text.perplexity),
        number_cell(row.mean(VALID_PERPLEXITY), text.perplexity),
        text_cell(row.label),
        replace(text_cell("this report"), best=True),
        text_cell(f"{group.protocol[:6]}, history: {row.history}"),
    )
    return TableRow(cells, row.number, row.family)
