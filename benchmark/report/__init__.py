"""From run folders to a report: one page with its tables and figures, and the comparison as plain text.

Importing this package is quick: `build_report` loads the libraries that the page and the figures need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.record.folder import RunRecord, read_runs
from benchmark.report.context import context_of
from benchmark.report.garbage import rare_collections
from benchmark.report.terminal import as_json, plain_table

#: Rows of each corpus that are printed while a report is built; the report has them all.
SHOWN = 20

__all__ = ["ReportSummary", "build_report", "comparison_table"]


@dataclass(frozen=True)
class ReportSummary:
    """What was written: the page, its size in bytes, and how many runs, rows, tables and figures it shows."""

    page: Path
    bytes: int
    runs: int
    rows: int
    tables: int
    figures: int


def comparison_table(records: Sequence[RunRecord], results_dir: Path | None = None) -> str:
    """The comparison as plain text. Of the searches in `results_dir`, it has the best trials only.

    Raises UserError if there are no runs.
    """
    return plain_table(context_of(records, results_dir))


def comparison_json(records: Sequence[RunRecord], results_dir: Path | None = None) -> dict[str, Any]:
    """The same for other programs (see `report.terminal.as_json`)."""
    return as_json(context_of(records, results_dir))


@rare_collections()
def build_report(
    results_dir: Path, out: Path, say: Callable[[str], None], show: Callable[[str], None] | None = None
) -> ReportSummary:
    """Writes `index.html`, `report.md`, `tables/` and `figures/` into `out` from the runs of `results_dir`.

    The same run folders give the same bytes. Run folders that cannot be read are named through `say` and
    left out. `show` gets the comparison as plain text while figures are drawn. Raises UserError if there
    are no runs or `out` cannot be written.
    """
    records = read_runs(results_dir, warn=say)
    context = context_of(records, results_dir)
    say(f"report: {len(records)} runs in {len(context.rows) + len(context.of_tasks)} rows")

    from benchmark.report.write import write_report

    meanwhile = None if show is None else lambda: show(plain_table(context, SHOWN))
    written = write_report(context, out, say, meanwhile)
    page = out / "index.html"
    return ReportSummary(
        page=page,
        bytes=page.stat().st_size,
        runs=len(records),
        rows=len(context.rows) + len(context.of_tasks),
        tables=written.tables,
        figures=written.figures,
    )
