"""Builds every section once and writes it in every format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from benchmark.report import sections
from benchmark.report.atomic_output import atomic_output, refuse_others
from benchmark.report.blocks import Figure, Section, all_blocks
from benchmark.report.context import Context
from benchmark.report.draw import drawing
from benchmark.report.latex_table import latex_table
from benchmark.report.markdown import markdown_report, markdown_table
from benchmark.report.page import Drawings, drawings_of, page, page_rows
from benchmark.report.page_rows import PageRows
from benchmark.report.ranking import file_name
from benchmark.report.size_limit import ALLOWANCES, MARKDOWN_LIMIT, PAGE_LIMIT, fit_to_limit, with_fewer_rows
from benchmark.report.tables import Table
from benchmark.storage.files import write_text

#: The folder of the figures inside a report's.
FIGURES = "figures"


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
#: Of a report on tasks alone.
TASKS = Titles(
    "nextword: counted and neural methods compared", "Counted and neural methods compared", "report"
)


@dataclass(frozen=True)
class Written:
    """How many tables and figures were written."""

    tables: int
    figures: int


def write_report(
    context: Context, out: Path, say: Callable[[str], None], meanwhile: Callable[[], None] | None = None
) -> Written:
    """Writes the whole report (see `write_sections`). `meanwhile` is called while its figures are drawn."""
    titles = TASKS if context.tasks_alone else COMPARISON
    return write_sections(sections.build_all(context), out, say, titles, meanwhile)


def write_sections(
    building: Iterable[Section],
    out: Path,
    say: Callable[[str], None],
    titles: Titles,
    meanwhile: Callable[[], None] | None = None,
) -> Written:
    """Writes sections, as they are built, as a page, as Markdown, and as files of their tables and figures.

    Figures are drawn while further sections are built, and while `meanwhile` runs. Files of an earlier report
    that are not part of this one are removed. It stays as it is until all of this one is on disk.
    """
    refuse_others(out, ("index.html", "report.md"))  # before anything takes time
    built: list[Section] = []
    with drawing(say, earlier=out / FIGURES) as drawer:
        for section in building:
            built.append(section)
            for figure in _of_kind(Figure, [section]):
                drawer.add(figure)
        built.sort(key=lambda section: section.place)
        tables, figures = _of_kind(Table, built), _of_kind(Figure, built)
        if meanwhile is not None:
            meanwhile()
        with atomic_output(out) as new:
            _write(new / "tables", table_files(tables))
            _write(new / FIGURES, {f"{figure.name}.csv": figure.data.csv for figure in figures})
            write_text(new / "report.md", _markdown(built, titles))
            rows = page_rows()
            rows.prepare(built)  # while figures are drawn
            drawings = drawings_of(drawer.write(new / FIGURES, figures))
            write_text(new / "index.html", _page(built, drawings, rows, say, titles))
    return Written(len(tables), len(figures))


_Kind = TypeVar("_Kind", Figure, Table)


def _of_kind(kind: type[_Kind], built: Iterable[Section]) -> list[_Kind]:
    return [block for section in built for block in all_blocks(section.blocks) if isinstance(block, kind)]


def _page(
    built: Sequence[Section],
    drawings: Drawings,
    rows: PageRows,
    say: Callable[[str], None],
    titles: Titles,
) -> str:
    html, carried = fit_to_limit(
        lambda allowance: page(titles.title, built, drawings, allowance, titles.heading, titles.verb, rows),
        PAGE_LIMIT,
    )
    if carried != ALLOWANCES[0]:
        say(f"report: to stay below 1 MB, the page links {carried.linked} instead of including them")
    return html


def _markdown(built: Sequence[Section], titles: Titles) -> str:
    short, _ = fit_to_limit(
        lambda allowance: markdown_report(titles.title, with_fewer_rows(built, allowance.rows)),
        MARKDOWN_LIMIT,
    )
    return short


def table_files(tables: Iterable[Table]) -> dict[str, str]:
    """The content of every table's CSV, Markdown and LaTeX file, by file name; of the comparison also for
    each corpus by itself, as a paper has it."""
    files = {}
    for table in tables:
        for each in (table, *_by_corpus(table)):
            files[f"{each.name}.csv"] = each.csv
            files[f"{each.name}.md"] = markdown_table(each) + "\n"
            files[f"{each.name}.tex"] = latex_table(each)
    return files


def _by_corpus(table: Table) -> Iterator[Table]:
    """A filtered table of several corpora, one by one."""
    corpora = [corpus for corpus, _ in table.corpora()] if table.filters else []
    names: list[str] = []
    for corpus in corpora if len(corpora) > 1 else ():
        names.append(file_name(corpus, names))  # a record may call its corpus anything
        groups = tuple(group for group in table.groups if group.corpus == corpus)
        yield replace(table, name=f"{table.name}_{names[-1]}", groups=groups)


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode("utf-8"))
