"""A comparison for the terminal, as JSON, as CSV files and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark import text
from benchmark.compare.comparison import Comparison
from benchmark.compare.sections import tables_of
from benchmark.compare.targets import most_different
from benchmark.errors import UserError
from benchmark.measure.blocks import Blocks
from benchmark.record.result import Result
from benchmark.report.blocks import Definitions, Paragraph, Section
from benchmark.report.page import Drawings, page
from benchmark.report.size_limit import Allowance
from benchmark.report.tables import Table
from benchmark.report.terminal import group_text
from benchmark.statistics import LEVEL
from benchmark.statistics.bootstrap import RESAMPLES, SEED
from benchmark.storage.files import write_text

#: The columns that a narrow terminal leaves out, in this order, and those that it folds.
SPARE = (
    "ratio_interval",
    "in_perplexity_interval",
    "ratio",
    "in_perplexity",
    "family",
    "context",
    "nats_interval",
    "after",
)
FOLDING = ("label", "against", "group", "before", "after")
#: Everything is in the page itself.
_WHOLE = Allowance(rows=1_000_000, data=10_000_000, drawings=0)


def plain(sections: Sequence[Section]) -> str:
    """The sections as plain text."""
    parts: list[str] = []
    for section in sections:
        parts.append(f"{section.title}\n{'-' * len(section.title)}")
        for block in section.blocks:
            if isinstance(block, Paragraph):
                parts.append("".join(part if isinstance(part, str) else part.text for part in block.parts))
            elif isinstance(block, Definitions):
                parts.append("\n".join(f"{term}: {meaning}" for term, meaning in block.items))
            elif isinstance(block, Table):
                parts.append(block.caption)
                for group in block.groups:
                    parts.append(
                        (f"{group.title}:\n" if group.title else "")
                        + group_text(block, group, None, SPARE, FOLDING)
                    )
    return "\n\n".join(parts)


def write_csv(folder: Path, sections: list[Section]) -> list[Path]:
    """Every table as a CSV file in a folder; returns the files. Raises UserError if one cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}") from error
    written = []
    for table in tables_of(sections):
        written.append(folder / f"{table.name}.csv")
        write_text(written[-1], table.csv)
    return written


def write_page(path: Path, heading: str, sections: list[Section]) -> None:
    """One HTML file that loads nothing else. Raises UserError if it cannot be written."""
    write_text(path, page(f"nextword: {heading}", sections, Drawings({}, ""), _WHOLE, heading, "compare"))


def resampled(scored: Result, blocks: Blocks) -> dict[str, Any]:
    """What was scored, and how its text was drawn anew, as JSON values."""
    return {
        "corpus": text.clean(scored.corpus),
        "protocol_id": scored.protocol_id,
        "blocks": {"unit": blocks.unit, "number": len(blocks)},
        "level": LEVEL,
        "resamples": RESAMPLES,
        "resampling_seed": SEED,
    }


def as_json(comparison: Comparison, most: int) -> dict[str, Any]:
    """The whole comparison as JSON values; differences are the second model's minus the first's."""
    entries = comparison.entries
    number = {id(entry): place for place, entry in enumerate(entries)}
    return {
        **resampled(entries[0].row.first, comparison.blocks),
        "targets": len(comparison.corpus.test),
        "models": [
            {
                "label": one.entry.label,
                "runs": [run.folder.name for run in one.entry.row.runs],
                "seeds": [run.result.seed for run in one.entry.row.runs],
                "nats": asdict(one.nats),
                "perplexity": asdict(one.perplexity),
                "ranks": one.ranks,
            }
            for one in comparison.measured
        ],
        "pairs": [
            {
                "first": number[id(pair.first)],
                "second": number[id(pair.second)],
                "nats": asdict(pair.nats),
                "perplexity": asdict(pair.perplexity),
                "ratio": asdict(pair.ratio),
                "p": pair.p,
                "p_holm": pair.p_adjusted,
                "p_counts_seeds": pair.by_seeds,
            }
            for pair in comparison.pairs
        ],
        "where": [
            {
                "first": 0,
                "second": number[id(pair.second)],
                "groups": [asdict(difference) for difference in differences],
                "targets": [
                    asdict(target)
                    for target in most_different(pair.first, pair.second, comparison.corpus, most)
                ],
            }
            for pair, differences in zip(comparison.against_first(), comparison.groups, strict=True)
        ],
    }
