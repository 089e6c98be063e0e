"""A drawn figure made fit to stand inside a page: themed, with its own ids, readable by a machine."""

from __future__ import annotations

import re
from html import escape

from benchmark.report.palette import LIGHT

_ROW = re.compile(r'\bid="row-(\d+)(?:-\d+)?"')
_ID = re.compile(r'\bid="([^"]+)"')
_REFERENCE = re.compile(r'(xlink:href="#|url\(#)([^")]+)')
_COLOUR = re.compile("|".join(LIGHT.values()))
_NAMES = {value: name for name, value in LIGHT.items()}


def inline(svg: str, name: str, alt: str) -> str:
    """The `<svg>` element of a standalone document, for the page.

    Ids are prefixed with `name`, so that figures do not take each other's clip paths; the marks of
    comparison row n (drawn with the group id `row-n`) get `data-row="n"`; the palette's colours become
    CSS variables; the font is the page's. Text was escaped when it was drawn, and stays so.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", body, flags=re.DOTALL)
    body = _ROW.sub(r'data-row="\1"', body)
    body = _ID.sub(rf'id="{name}-\1"', body)
    body = _REFERENCE.sub(rf"\g<1>{name}-\2", body)
    body = _COLOUR.sub(lambda match: f"var(--{_NAMES[match[0]]})", body)
    body = re.sub(r"font-family: [^;\"]*", "font-family: var(--sans)", body)
    head, _, rest = body.partition(">")
    width, height = (float(re.search(rf'{side}="([\d.]+)pt"', head)[1]) for side in ("width", "height"))  # type: ignore[index]
    opening = f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(alt, quote=True)}"'
    return f'{opening} xmlns:xlink="http://www.w3.org/1999/xlink">{_compact(rest)}'


def _compact(svg: str) -> str:
    """Fewer bytes, same drawing: comments, line ends and indentation go."""
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", svg)
    return re.sub(r">\s+<", "><", svg).strip()
