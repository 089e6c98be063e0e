"""A drawn figure made fit to stand inside a page: themed, with its own ids, small."""

from __future__ import annotations

import re
from html import escape

from benchmark.report.palette import LIGHT

_NAMES = {value: name for name, value in LIGHT.items()}
_COLOUR = re.compile("|".join(LIGHT.values()))
_TAG = re.compile(r"<[^>]*>")
_ROW = re.compile(r' id="row-([1-9]\d*)(?:-\d+)?"')
_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'(xlink:href="#|url\(#)([^")]+)')
_WRAPPED = re.compile(r"<g>(<text[^>]*>[^<]*</text>|<(?:use|path)[^>]*/>)</g>")
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
_DROPPED = re.compile(
    r"^.*?(?=<svg)|<!--.*?-->|<metadata>.*?</metadata>|<defs>\s*<style.*?</defs>", flags=re.DOTALL
)


def inline(svg: str, prefix: str, alt: str) -> str:
    """The `<svg>` element of a standalone document, for the page.

    Ids that something refers to are prefixed, so that figures do not take each other's
    clip paths; the others go. The marks of comparison row n (drawn with the group id `row-n`, 0 for
    none) get `data-row="n"`; the palette's colours become CSS variables; fonts are left to the page.
    Only tags are touched: the text between them was escaped when it was drawn, and stays as it is.
    """
    body = _DROPPED.sub("", svg)
    head, _, rest = body.partition(">")
    width, height = (_length(head, side) for side in ("width", "height"))
    used = {target for _, target in _REFERENCE.findall(rest)}
    rest = _TAG.sub(lambda tag: _themed(tag[0], prefix, used), rest)
    opening = f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(alt, quote=True)}"'
    rest = _WRAPPED.sub(r"\1", re.sub(r">\s+<", "><", rest).strip())
    return f'{opening} xmlns:xlink="http://www.w3.org/1999/xlink">{rest}'


def _length(head: str, side: str) -> float:
    found = re.search(rf'{side}="([\d.]+)pt"', head)
    return float(found[1]) if found else 0.0


def _themed(tag: str, prefix: str, used: set[str]) -> str:
    """One tag: its colours, ids and fonts, in as few bytes as draw the same."""
    tag = _ROW.sub(r' data-row="\1"', tag)
    tag = _ID.sub(lambda match: f' id="{prefix}-{match[1]}"' if match[1] in used else "", tag)
    tag = _REFERENCE.sub(rf"\g<1>{prefix}-\2", tag)
    tag = _COLOUR.sub(lambda match: f"var(--{_NAMES[match[0]]})", tag)
    tag = re.sub(r'font-family: [^;"]*; |; stroke-linejoin: miter| transform="rotate\(-?0 [^"]*\)"', "", tag)
    tag = _LONG_NUMBER.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), tag)
    return re.sub(r"([:;]) ", r"\1", re.sub(r"\s+", " ", tag)).replace(' "', '"')
