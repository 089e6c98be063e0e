"""Draw every section once and write it in every form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark.record.folder import write_text
from benchmark.report import sections
from benchmark.report.aside import replaced
from benchmark.report.blocks import Block, Figure, Fold, Section, Table
from benchmark.report.context import Context
from benchmark.report.draw import draw_all
from benchmark.report.export import csv_table, table_files
from benchmark.report.markdown import markdown_report
from benchmark.report.page import page

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
    blocks = list(_walk(built))
    tables = [block for block in blocks if isinstance(block, Table)]
    figures = [block for block in blocks if isinstance(block, Figure)]
    with replaced(out) as new:
        drawn = new / "figures"
        drawn.mkdir()
        draw_all(figures, drawn, say)
        _write(drawn, {f"{figure.name}.csv": csv_table(figure.data) for figure in figures})
        _write(new / "tables", table_files(tables))
        drawings = {
            figure.name: (drawn / f"{figure.name}.svg").read_text(encoding="utf-8") for figure in figures
        }
        write_text(new / "report.md", markdown_report(TITLE, built))
        write_text(new / "index.html", page(TITLE, built, drawings))
    return Written(len(tables), len(figures))


def _walk(built: Iterable[Section]) -> Iterator[Block]:
    for section in built:
        yield from _inside(section.blocks)


def _inside(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Fold):
            yield from _inside(block.blocks)


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode("utf-8"))
