"""Which figures of an earlier report need not be drawn again.

A figure's `draw` is a function of this package with plain data. The same function, data, code and libraries
draw the same, so `kept.json` says for each figure what it was made from. Where that is unchanged, and the
files are those that were written, they are taken over.
"""

from __future__ import annotations

import hashlib
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import FunctionType
from typing import Any

import fontTools
import matplotlib as mpl
import numpy as np
from matplotlib import font_manager, ft2font

import benchmark
from benchmark.environment import installed_version
from benchmark.report.figures import fonts
from benchmark.storage.files import write_json
from benchmark.storage.reading import or_empty, read_json_object

#: The file that says what the figures beside it were made from.
FILE = "kept.json"
#: Where the dataclasses are defined whose fields are all that they hold, so that they are plain data.
_DATA = ("benchmark.report.figures.", "benchmark.measure.measure.")
#: The field of such a dataclass that is the number of a row of the comparison.
_ROW = "row"
#: A group of an SVG file that is a mark of one row, or of several.
_MARKS = re.compile(r'<g id="(rows?)-(\d+)((?:-\d+)*)((?:\.\d+)?)">')
#: What matplotlib's figures consist of. Nothing in it runs or is loaded from elsewhere.
_ELEMENTS = re.compile(
    "svg|metadata|RDF|Work|type|format|description|defs|style|clipPath|rect|path|g|use|text|tspan"
)
_ELSEWHERE = re.compile(r"@import|url\((?!#)")


class _NotPlainError(Exception):
    """A drawing is made from more than plain data."""


@dataclass(frozen=True)
class Origin:
    """What a drawing is made from: a digest, and the numbers of the rows that it shows, in order.

    In the digest, these are counted from 1. A run that is added gives other rows another number, which
    changes nothing but the ids of their marks.
    """

    digest: str
    rows: tuple[int, ...]

    @classmethod
    def of(cls, draw: Callable[[], Any]) -> Origin | None:
        """What a figure is made from; None if that is more than plain data, so that it is drawn each time."""
        if not isinstance(draw, partial):
            return None
        written: list[str | int] = []
        try:
            _write([draw.func, draw.args, draw.keywords], written)
        except _NotPlainError:
            return None
        rows = sorted({part for part in written if isinstance(part, int) and part})
        places = {0: 0, **{row: place for place, row in enumerate(rows, start=1)}}
        parts = (part if isinstance(part, str) else f"row {places[part]}" for part in written)
        return cls(hashlib.sha256("\0".join(parts).encode()).hexdigest(), tuple(rows))

    def same_data(self, other: Origin) -> bool:
        """Whether both give the same drawing, but for the numbers of rows."""
        return self.digest == other.digest and len(self.rows) == len(other.rows)


@dataclass(frozen=True)
class Kept:
    """A figure of an earlier report: what it was made from, and the checksum of its files."""

    origin: Origin
    files: str


def read_kept(folder: Path, now: str) -> dict[str, Kept]:
    """The figures in a folder that this `software` has made, by name."""
    data = or_empty(lambda: read_json_object(folder / FILE))
    known = data.get("figures") if data.get("software") == now else None
    found = {}
    for name, entry in known.items() if isinstance(known, dict) else ():
        match entry:
            case {"data": str(digest), "files": str(files), "rows": list(rows)}:
                if all(type(row) is int for row in rows):
                    found[name] = Kept(Origin(digest, tuple(rows)), files)
    return found


def write_kept(folder: Path, now: str, figures: Mapping[str, Kept]) -> None:
    """Write what the next report reads; nothing where no figure can be kept."""
    entries = {
        name: {"data": kept.origin.digest, "files": kept.files, "rows": list(kept.origin.rows)}
        for name, kept in figures.items()
    }
    if entries:
        write_json(folder / FILE, {"software": now, "figures": entries})


def _write(value: Any, into: list[str | int]) -> None:
    """Writes plain data so that other data are written otherwise; the numbers of rows as int."""
    if value is None or isinstance(value, bool | int | float | str):
        into.append(f"{type(value).__name__} {value!r}")
    elif isinstance(value, list | tuple):
        into.append(f"list {len(value)}")
        for item in value:
            _write(item, into)
    elif isinstance(value, dict):
        into.append(f"dict {len(value)}")
        for pair in value.items():
            _write(pair, into)
    elif is_dataclass(value) and f"{type(value).__module__}.".startswith(_DATA):
        into.append(f"{type(value).__module__} {type(value).__qualname__}")
        for field in fields(value):
            item = getattr(value, field.name)
            into.append(f"field {field.name}")
            if field.name == _ROW and type(item) is int:
                into.append(item)
            else:
                _write(item, into)
    elif isinstance(value, FunctionType) and _is_ours(value):
        into.append(f"function {value.__module__} {value.__qualname__}")
    else:
        raise _NotPlainError


def _is_ours(function: FunctionType) -> bool:
    """Whether a function is found by its name in this package, whose text is in `software`."""
    return function.__module__.startswith("benchmark.") and "<" not in function.__qualname__


@cache
def _code() -> bytes:
    """SHA-256 of the text of this package."""
    digest = hashlib.sha256()
    package = Path(benchmark.__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def software() -> str:
    """SHA-256 of what draws: the text of this package, the libraries, their settings and the fonts.

    The settings are those before the package's and seaborn's own, which its text and the version tell.
    """
    digest = hashlib.sha256(_code())
    seaborn = installed_version("seaborn")  # to import it takes longer than all else here
    libraries = (mpl.__version__, ft2font.__freetype_version__, seaborn, np.__version__, fontTools.version)
    # to ask for the backend would start one, and figures are saved by their own
    settings = [(key, mpl.rcParams[key]) for key in sorted(mpl.rcParams) if key != "backend"]
    digest.update(repr((sys.version, *libraries, settings, fonts.families())).encode())
    for family in fonts.families():
        for weight in ("normal", "bold"):
            file = font_manager.findfont(font_manager.FontProperties(family=family, weight=weight))
            digest.update(hashlib.sha256(Path(file).read_bytes()).digest())
    return digest.hexdigest()


def renumbered(svg: str, earlier: Sequence[int], now: Sequence[int]) -> str:
    """An SVG file whose marks have other numbers of rows, as `Origin.rows` has them."""
    if earlier == now:
        return svg
    numbers: Mapping[str, str] = dict(zip(map(str, earlier), map(str, now), strict=True))

    def again(mark: re.Match[str]) -> str:
        kind, first, rest = mark[1], numbers.get(mark[2], mark[2]), mark[3]
        if kind == "rows":
            rest = "".join(f"-{numbers.get(row, row)}" for row in rest.split("-")[1:])
        return f'<g id="{kind}-{first}{rest}{mark[4]}">'

    return _MARKS.sub(again, svg)


def is_drawing(svg: str) -> bool:
    """Whether an SVG file has shapes and text only: the file may be somebody else's."""
    with suppress(ET.ParseError):
        return not _ELSEWHERE.search(svg) and all(map(_is_shape, ET.fromstring(svg).iter()))
    return False


def _is_shape(node: ET.Element) -> bool:
    links = [value for name, value in node.attrib.items() if name.endswith("href")]
    calls = any(name.lower().startswith("on") for name in node.attrib)
    known = _ELEMENTS.fullmatch(node.tag.rpartition("}")[2])
    return bool(known) and not calls and all(link.startswith("#") for link in links)
