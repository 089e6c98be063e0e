"""Draw every section once and write it in every form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import UserError
from benchmark.record.folder import write_text
from benchmark.report import sections
from benchmark.report.blocks import Block, Figure, Fold, Section, Table
from benchmark.report.context import Context
from benchmark.report.export import csv_table, table_files
from benchmark.report.figures.style import save, styled
from benchmark.report.markdown import markdown_report
from benchmark.report.page import page

TITLE = "nextword: counted and neural language models, compared"


@dataclass(frozen=True)
class Written:
    """How many tables and figures were written."""

    tables: int
    figures: int


def write_report(context: Context, out: Path, say: Callable[[str], None]) -> Written:
    """Write the whole report; files of an earlier one that are no longer part of it are removed."""
    built = list(sections.build_all(context))
    blocks = list(_walk(built))
    tables = [block for block in blocks if isinstance(block, Table)]
    figures = [block for block in blocks if isinstance(block, Figure)]
    drawings = _drawn(figures, say)
    figure_files: dict[str, str | bytes] = {}
    for figure in figures:
        svg, png = drawings[figure.name]
        figure_files |= {f"{figure.name}.svg": svg, f"{figure.name}.png": png}
        figure_files[f"{figure.name}.csv"] = csv_table(figure.data)
    _replace(out / "tables", dict(table_files(tables)))
    _replace(out / "figures", figure_files)
    write_text(out / "report.md", markdown_report(TITLE, built))
    write_text(out / "index.html", page(TITLE, built, {name: svg for name, (svg, _) in drawings.items()}))
    return Written(len(tables), len(figures))


def _walk(built: Iterable[Section]) -> Iterator[Block]:
    for section in built:
        yield from _inside(section.blocks)


def _inside(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Fold):
            yield from _inside(block.blocks)


def _drawn(figures: list[Figure], say: Callable[[str], None]) -> dict[str, tuple[str, bytes]]:
    drawings = {}
    with styled():
        for index, figure in enumerate(figures, start=1):
            drawings[figure.name] = save(figure.draw())
            if index % 10 == 0 or index == len(figures):
                say(f"report: {index} of {len(figures)} figures drawn")
    return drawings


def _replace(folder: Path, files: dict[str, str] | dict[str, str | bytes]) -> None:
    """Write the files into the folder and remove what an earlier report left there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kinds = {Path(name).suffix for name in files}
        for old in folder.iterdir():
            if old.suffix in kinds and old.name not in files:
                old.unlink()
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode("utf-8")
            (folder / name).write_bytes(data)
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}") from error
