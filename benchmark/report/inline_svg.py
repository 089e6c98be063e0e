"""Turns an SVG document into an element for the page: in its theme, with ids of its own, and small."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from html import escape

from benchmark.report.palette import LIGHT
from benchmark.report.told_marks import give_marks_their_values

_NAMES = {value: name for name, value in LIGHT.items()}
_COLOUR = re.compile("|".join(LIGHT.values()))
_ROW = re.compile(r"row-(\d+)(?:-\d+)?(?:\.\d+)?")
_ROWS = re.compile(r"rows-(\d+(?:-\d+)*)(?:\.\d+)?")
_TARGET = re.compile(r"#([^)]+)")
_NUMBER = re.compile(r"-?\d+\.\d+")
_COMMAND = re.compile(r"\s*([A-Za-z])\s*")
_NO_TURN = re.compile(r"rotate\(-?0 ")
#: Style rules that the page sets itself, or that are defaults.
_NEEDLESS = ("font-family:", "stroke-linejoin: miter", "stroke-dashoffset: 0")


@dataclass
class Styles:
    """The styles that the figures of one page share, as CSS classes."""

    classes: dict[str, str] = field(default_factory=dict)

    def name(self, style: str) -> str:
        """The class for a style attribute, its colours as CSS variables; empty if nothing is left of it."""
        kept = [part.strip() for part in style.split(";")]
        kept = [part for part in kept if part and not part.startswith(_NEEDLESS)]
        rule = _COLOUR.sub(lambda match: f"var(--{_NAMES[match[0]]})", ";".join(kept))
        rule = re.sub(r"([:,]) ", r"\1", rule)
        return self.classes.setdefault(rule, f"s{len(self.classes)}") if rule else ""

    def css(self) -> str:
        """The rules of all classes."""
        return "".join(f".{name}{{{rule}}}" for rule, name in self.classes.items())


def inline(svg: str, prefix: str, alt: str, styles: Styles) -> str:
    """The `<svg>` element of a standalone document, for the page that has the rules of `styles`.

    Ids that are referred to become short and start with the prefix, so that figures do not use each other's
    clip paths; other ids are dropped. The marks of comparison row n get `data-row="n"`; they were drawn with
    the group id `row-n` (0: no row), or `rows-n-m-…` for several rows in one scatter plot. Coordinates keep
    one decimal (a tenth of a point), those of shapes that are used many times two. The page sets the fonts.
    Marks have what they tell (see `told_marks`).
    """
    root = ET.fromstring(svg)
    axes = give_marks_their_values(root)
    _give_marks_their_rows(root)
    used = {match[1] for node in root.iter() for key in node.attrib if (match := _target(node, key))}
    ids = [name for node in root.iter() if (name := node.get("id")) in used and name is not None]
    names = {name: f"{prefix}{_letters(index)}" for index, name in enumerate(ids)}
    body = "".join(_element(node, names, styles) for node in root)
    return (
        f'<svg viewBox="{root.get("viewBox", "")}" role="img" aria-label="{escape(alt, quote=True)}"{axes}>'
        f"{body}</svg>"
    )


def _give_marks_their_rows(root: ET.Element) -> None:
    """Gives each mark in a scatter plot of several rows the group id of its row."""
    for group in root.iter():
        if found := _ROWS.fullmatch(group.get("id", "")):
            marks = [node for node in group.iter() if node.tag.endswith("}use")]
            for mark, row in zip(marks, found[1].split("-"), strict=True):
                mark.set("id", f"row-{row}")


def _letters(index: int) -> str:
    return (_letters(index // 26 - 1) if index >= 26 else "") + chr(ord("a") + index % 26)


def _target(node: ET.Element, key: str) -> re.Match[str] | None:
    """The id that an attribute refers to (`#id`, `url(#id)`), as group 1 of the match."""
    return _TARGET.search(node.attrib[key]) if key.endswith("href") or key == "clip-path" else None


def _element(node: ET.Element, names: dict[str, str], styles: Styles, row: str = "") -> str:
    """A node and its content. A group without attributes is left out, and passes its row to a single mark."""
    tag = node.tag.rpartition("}")[2]
    if tag in ("metadata", "style"):
        return ""
    found = _ROW.fullmatch(node.get("id", ""))
    row = found[1] if found and found[1] != "0" else row
    attributes = _attributes(node, names, styles)
    if tag == "g" and not attributes:
        marks = [child for child in node if not child.tag.endswith("}defs")]
        if not row or len(marks) == 1:
            return "".join(_element(child, names, styles, row if child in marks else "") for child in node)
    attributes = f' data-row="{row}"{attributes}' if row else attributes
    inside = "".join(_element(child, names, styles) for child in node)
    inside = escape(node.text or "", quote=False).strip() + inside
    if inside:
        return f"<{tag}{attributes}>{inside}</{tag}>"
    return "" if tag in ("g", "defs") else f"<{tag}{attributes}/>"


def _attributes(node: ET.Element, names: dict[str, str], styles: Styles) -> str:
    attributes = {}
    places = 2 if node.get("id") in names else 1
    for key, value in node.attrib.items():
        if match := _target(node, key):
            name = key.rpartition("}")[2]
            attributes[name] = value.replace(match[0], f"#{names.get(match[1], match[1])}")
        elif key == "id":
            attributes |= {"id": names[value]} if value in names else {}
        elif key == "style":
            attributes |= {"class": name} if (name := styles.name(value)) else {}
        elif key.startswith("data-"):
            attributes[key] = value
        elif not _NO_TURN.match(value):
            attributes[key] = _path(_rounded(value, places)) if key == "d" else _rounded(value, places)
    return "".join(f' {key}="{escape(value, quote=True)}"' for key, value in attributes.items())


def _rounded(value: str, places: int) -> str:
    return _NUMBER.sub(lambda match: f"{round(float(match[0]), places) + 0.0:g}", value)


def _path(drawn: str) -> str:
    """Path data without blanks around commands and without commands that repeat the one before.

    After a move command, further points are lines.
    """
    parts, before = [], ""
    for command, points in re.findall(r"([A-Za-z])([^A-Za-z]*)", _COMMAND.sub(r"\1", drawn)):
        again = command == before and bool(points)
        parts.append(f" {points}" if again else command + points)
        before = {"M": "L"}.get(command, command)
    return "".join(parts).replace(" -", "-")
