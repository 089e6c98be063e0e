"""A table as CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from benchmark.report.blocks import Table
from benchmark.report.latex import latex_table
from benchmark.report.markdown import markdown_table


def csv_table(table: Table) -> str:
    """Every column at full precision, one header line, `\\n` line ends."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.key for column in table.columns)
    for group in table.groups:
        writer.writerows([cell.raw for cell in row.cells] for row in group.rows)
    return text.getvalue()


def table_files(tables: Iterable[Table]) -> dict[str, str]:
    """File name → content, for every table."""
    files = {}
    for table in tables:
        files[f"{table.name}.csv"] = csv_table(table)
        files[f"{table.name}.md"] = markdown_table(table) + "\n"
        files[f"{table.name}.tex"] = latex_table(table)
    return files
