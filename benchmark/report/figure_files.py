"""The three files of a figure, SVG, PNG and PDF: drawn, or taken over from an earlier report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import fontTools
import matplotlib as mpl

from benchmark.errors import UserError
from benchmark.report.figures import fonts
from benchmark.report.figures.style import as_pdf, as_png, as_svg, styled
from benchmark.report.kept_figures import Kept, is_drawing, renumbered
from benchmark.storage.reading import MOST_BYTES, open_regular

#: Counts what changes PNG or PDF, and not the SVG.
VERSION = 1


@dataclass(frozen=True)
class FigureFiles:
    """What the files of a figure hold."""

    svg: str
    png: bytes
    pdf: bytes

    @cached_property
    def checksum(self) -> str:
        """The SHA-256 of the software and of the three files."""
        software = f"{VERSION} {fonts.VERSION} {mpl.__version__} {fontTools.version}"
        digests = (hashlib.sha256(part).hexdigest() for part in (self.svg.encode(), self.png, self.pdf))
        return hashlib.sha256(" ".join((software, *digests)).encode()).hexdigest()

    def write(self, folder: Path, name: str) -> None:
        """Write `name`.svg, .png and .pdf."""
        for kind, content in (("svg", self.svg.encode()), ("png", self.png), ("pdf", self.pdf)):
            (folder / f"{name}.{kind}").write_bytes(content)


@dataclass(frozen=True)
class EarlierFigures:
    """A folder with the figures of an earlier report, and the checksums of their files by name.

    It may be missing, and its files may be odd.
    """

    folder: Path
    checksums: dict[str, Any]

    def drawn(self, name: str, draw: Callable[[], Any]) -> FigureFiles:
        """Draws a figure. Where the earlier one has the same SVG, which says all that is drawn, its PNG and
        PDF are taken over."""
        with styled():
            drawing = draw()
            svg = as_svg(drawing)
            earlier = FigureFiles(svg, self._read(name, "png"), self._read(name, "pdf"))
            if self.checksums.get(name) == earlier.checksum:
                return earlier
            return FigureFiles(svg, as_png(drawing), as_pdf(drawing))

    def taken_over(self, name: str, kept: Kept, rows: Sequence[int]) -> FigureFiles | None:
        """The earlier figure, with other numbers of rows; None if its files are not as they were written."""
        svg = self._read(name, "svg").decode("utf-8", errors="replace")
        files = FigureFiles(svg, self._read(name, "png"), self._read(name, "pdf"))
        if files.checksum != kept.files or not is_drawing(svg):
            return None
        return FigureFiles(renumbered(svg, kept.origin.rows, rows), files.png, files.pdf)

    def _read(self, name: str, kind: str) -> bytes:
        """A file; empty where it cannot be read."""
        with suppress(OSError, UserError), open_regular(self.folder / f"{name}.{kind}") as file:
            return file.read(MOST_BYTES)
        return b""
