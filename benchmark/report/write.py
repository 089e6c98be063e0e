"""Builds every section once and writes it in every format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.report import sections
from benchmark.report.atomic_output import atomic_output
from benchmark.report.blocks import Figure, Section, all_blocks
from benchmark.report.context import Context
from benchmark.report.draw import draw_all
from benchmark.report.latex_table import latex_table
from benchmark.report.markdown import markdown_report, markdown_table
from benchmark.report.page import drawings_of, page
from benchmark.report.size_limit import ALLOWANCES, MARKDOWN_LIMIT, PAGE_LIMIT, fit_to_limit, with_fewer_rows
from benchmark.report.tables import Table, csv_table
from benchmark.storage.files import write_text


@dataclass(frozen=True)
class Titles:
    """What a report is called: its document, the heading of its page, and the verb that makes it."""

    title: str
    heading: str
    verb: str


COMPARISON = Titles(
    "nextword: n-gram and neural language models compared",
    "N-gram and neural language models compared",
    "report",
)


@dataclass(frozen=True)
class Written:
    """How many tables and figures were written."""

    tables: int
    figures: int


def write_report(context: Context, out: Path, say: Callable[[str], None]) -> Written:
    """Writes the whole report (see `write_sections`)."""
    return write_sections(list(sections.build_all(context)), out, say, COMPARISON)


def write_sections(
    built: Sequence[Section], out: Path, say: Callable[[str], None], titles: Titles
) -> Written:
    """Writes sections as a page, as Markdown, and as files of their tables and figures.

    Files of an earlier report that are not part of this one are removed. It stays as it is until all of this
    one is on disk.
    """
    blocks = [block for section in built for block in all_blocks(section.blocks)]
    tables = [block for block in blocks if isinstance(block, Table)]
    figures = [block for block in blocks if isinstance(block, Figure)]
    with atomic_output(out) as new:
        drawn = new / "figures"
        drawn.mkdir()
        draw_all(figures, drawn, say, earlier=out / drawn.name)
        _write(drawn, {f"{figure.name}.csv": csv_table(figure.data) for figure in figures})
        _write(new / "tables", table_files(tables))
        drawings = drawings_of(figures, lambda f: (drawn / f"{f.name}.svg").read_text(encoding="utf-8"))
        html, carried = fit_to_limit(
            lambda allowance: page(titles.title, built, drawings, allowance, titles.heading, titles.verb),
            PAGE_LIMIT,
        )
        short, _ = fit_to_limit(
            lambda a: markdown_report(titles.title, with_fewer_rows(built, a.rows)), MARKDOWN_LIMIT
        )
        if carried != ALLOWANCES[0]:
            say(f"report: to stay below 1 MB, the page links {carried.linked} instead of including them")
        write_text(new / "report.md", short)
        write_text(new / "index.html", html)
    return Written(len(tables), len(figures))


def table_files(tables: Iterable[Table]) -> dict[str, str]:
    """The content of every table's CSV, Markdown and LaTeX file, by file name."""
    files = {}
    for table in tables:
        files[f"{table.name}.csv"] = csv_table(table)
        files[f"{table.name}.md"] = markdown_table(table) + "\n"
        files[f"{table.name}.tex"] = latex_table(table)
    return files


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode("utf-8"))
