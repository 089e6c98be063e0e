"""Draw every section once and write it in every form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.record.folder import write_text
from benchmark.report import sections
from benchmark.report.aside import replaced
from benchmark.report.blocks import Figure, Table
from benchmark.report.budget import ALLOWANCES, MARKDOWN, PAGE, fitted, shortened, walk
from benchmark.report.context import Context
from benchmark.report.draw import draw_all
from benchmark.report.export import csv_table, table_files
from benchmark.report.markdown import markdown_report
from benchmark.report.page import drawings_of, page

TITLE = "nextword: counted and neural language models, compared"


@dataclass(frozen=True)
class Written:
    """How many tables and figures were written."""

    tables: int
    figures: int


def write_report(context: Context, out: Path, say: Callable[[str], None]) -> Written:
    """Write the whole report; files of an earlier one that are no longer part of it are removed.

    An earlier report stays as it is until the whole of this one is on the disk.
    """
    built = list(sections.build_all(context))
    blocks = [block for section in built for block in walk(section.blocks)]
    tables = [block for block in blocks if isinstance(block, Table)]
    figures = [block for block in blocks if isinstance(block, Figure)]
    with replaced(out) as new:
        drawn = new / "figures"
        drawn.mkdir()
        draw_all(figures, drawn, say)
        _write(drawn, {f"{figure.name}.csv": csv_table(figure.data) for figure in figures})
        _write(new / "tables", table_files(tables))
        drawings = drawings_of(figures, lambda f: (drawn / f"{f.name}.svg").read_text(encoding="utf-8"))
        html, carried = fitted(lambda allowance: page(TITLE, built, drawings, allowance), PAGE)
        short, _ = fitted(lambda a: markdown_report(TITLE, shortened(built, a.rows)), MARKDOWN)
        if carried != ALLOWANCES[0]:
            say("report: the page leaves more to tables/ and figures/, to stay below 1 MB")
        write_text(new / "report.md", short)
        write_text(new / "index.html", html)
    return Written(len(tables), len(figures))


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode("utf-8"))
