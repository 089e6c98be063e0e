"""The page: one file that carries its style, its script and its figures, and asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from benchmark.report import palette, svg
from benchmark.report.blocks import Figure, Section, Table
from benchmark.report.export import csv_table

#: Larger data is not carried inside the page; it lies beside it as a file.
CARRIED = 8_000


def page(title: str, sections: Sequence[Section], drawings: Mapping[str, str]) -> str:
    """The HTML document. `drawings` holds each figure's SVG document by name.

    Text from run folders is escaped by Jinja2; a content security policy lets only the page's own
    script run, whatever a model or a prompt is called.
    """
    script = _dense(_asset("page.js"))
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    prefixes = {name: f"f{number}" for number, name in enumerate(drawings, start=1)}

    def drawing(figure: Figure) -> Markup:
        return Markup(svg.inline(drawings[figure.name], prefixes[figure.name], figure.alt))

    environment.globals |= {"drawing": drawing, "data_link": _data_link}
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = environment.get_template("page.html.j2").render(
        title=title,
        sections=sections,
        style=Markup(palette.css() + _asset("page.css")),
        script=Markup(script),
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
    )
    return _dense(html) + "\n"


def _dense(text: str) -> str:
    """Without indentation and empty lines. Done to the script before it is hashed: it must not change."""
    return "\n".join(line for line in (line.strip() for line in text.splitlines()) if line)


def _asset(name: str) -> str:
    return files("benchmark.report").joinpath("templates", name).read_text(encoding="utf-8")


def _data_link(table: Table, folder: str) -> str:
    """The table's CSV as an address that needs no file, or its file where it would weigh too much."""
    data = csv_table(table).encode("utf-8")
    if len(data) > CARRIED:
        return f"{folder}/{table.name}.csv"
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(data).decode()
