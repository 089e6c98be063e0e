"""The page: a single HTML file that contains its style, its script and its figures and loads nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from benchmark.report import inline_svg, palette
from benchmark.report.blocks import Figure, Section, all_blocks
from benchmark.report.page_rows import PageRows, packed
from benchmark.report.size_limit import Allowance, with_fewer_rows
from benchmark.report.tables import Table

#: The page's script, in this order: the last one begins.
SCRIPTS = (
    "bootstrap.js",
    "picks.js",
    "left_out.js",
    "filters.js",
    "marks.js",
    "stops.js",
    "page.js",
)


def page(
    title: str,
    sections: Sequence[Section],
    drawings: Drawings,
    allowance: Allowance,
    heading: str = "N-gram and neural language models compared",
    verb: str = "report",
    rows: PageRows | None = None,
) -> str:
    """The HTML document, made by a verb of `nextword`; the files of a report stand beside its page.

    `rows` keeps the rows of tables that an earlier try at the same page has made.

    Jinja2 escapes all text from run folders, and a content security policy allows only the page's own script,
    so that no label, prompt or sample can run code.
    """
    rows = page_rows() if rows is None else rows
    script = _dense('"use strict";\n' + "".join(map(_asset, SCRIPTS)))
    shown, folded = _carried(sections, allowance)

    def drawing(figure: Figure) -> Markup:
        if figure.name in shown:
            return Markup(drawings.inlined[figure.name])
        link = Markup('<p class="files"{}><a href="figures/{}.svg">The figure (SVG)</a></p>')
        return link.format(Markup(" data-packed") if figure.name in folded else "", figure.name)

    def data_link(table: Table, folder: str) -> str:
        return _data_link(table, folder, allowance.data)

    def packed_rows(table: Table) -> str:
        return rows.packed(table) if allowance.packed else ""

    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = (
        _environment()
        .get_template("page.html.j2")
        .render(
            drawing=drawing,
            data_link=data_link,
            packed_rows=packed_rows,
            packed_drawings=drawings.packed(folded),
            row_html=rows.html,
            title=title,
            heading=heading,
            verb=verb,
            corpora=_corpora(sections),
            sections=with_fewer_rows(sections, allowance.rows),
            style=Markup(palette.css() + _asset("page.css") + drawings.rules),
            script=Markup(script),
            policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
        )
    )
    return _dense(html) + "\n"


@dataclass(frozen=True)
class Drawings:
    """The `<svg>` element of every figure, by name, and the CSS rules they share."""

    inlined: dict[str, str]
    rules: str

    def packed(self, names: Sequence[str]) -> str:
        """The drawings of some figures in a packed form, a fifth of their size; empty for none.

        The page's script puts them where the page has a link with `data-packed`, in this order.
        """
        return packed(" ".join(self.inlined[name].split()) for name in names) if names else ""


def drawings_of(figures: Iterable[tuple[Figure, str]]) -> Drawings:
    """Figures, each with its SVG document, as the page contains them."""
    styles = inline_svg.Styles()
    inlined = {
        figure.name: inline_svg.inline(svg, f"f{number}", figure.alt, styles)
        for number, (figure, svg) in enumerate(figures, start=1)
    }
    return Drawings(inlined, styles.css())


def page_rows() -> PageRows:
    """What makes the rows of tables for a page, and for further tries at it."""
    macros = _environment().get_template("blocks.html.j2").make_module({})
    return PageRows(macros.row_start, macros.one_cell)  # type: ignore[attr-defined]


def _carried(sections: Sequence[Section], allowance: Allowance) -> tuple[list[str], list[str]]:
    """The names of the figures that the page has: those of open sections, and those of folded ones, which it
    has in a packed form."""
    shown: list[str] = []
    folded: list[str] = []
    for section in sections:
        figures = [block.name for block in all_blocks(section.blocks) if isinstance(block, Figure)]
        (folded if section.folded else shown).extend(figures[: allowance.drawings])
    return shown, folded


def _corpora(sections: Sequence[Section]) -> list[tuple[str, str]]:
    """The corpora that a reader can choose, as (key, name): those of the filtered tables."""
    tables = [b for section in sections for b in all_blocks(section.blocks) if isinstance(b, Table)]
    found = [corpus for table in tables if table.filters for corpus in table.corpora()]
    return list(dict(found).items())


def _dense(text: str) -> str:
    """Without indentation and empty lines. The script must pass through this before it is hashed."""
    return "\n".join(line for line in (line.strip() for line in text.splitlines()) if line)


@cache  # the templates are compiled once, and a page may be written several times until it fits
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals["looks"] = _looks
    return environment


@cache
def _looks(right: bool, mono: bool, best: bool) -> Markup:
    """The class attribute of a cell."""
    names = [name for name, there in (("r", right), ("m", mono), ("b", best)) if there]
    return Markup(' class="{}"').format(" ".join(names)) if names else Markup("")


def _asset(name: str) -> str:
    return files("benchmark.report").joinpath("templates", name).read_text(encoding="utf-8")


def _data_link(table: Table, folder: str, most: int) -> str:
    """A link to the table's CSV: a data URL, or the file if there are more than `most` bytes."""
    data = table.csv.encode("utf-8") if most else b""
    if not data or len(data) > most:
        return f"{folder}/{table.name}.csv"
    return "data:text/csv;charset=utf-8," + quote(data, safe=" ,:;/.-()'+*=")
