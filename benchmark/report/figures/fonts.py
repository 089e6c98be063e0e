"""The font of the figures: those characters of DejaVu Sans that figures are likely to need, as a small font.

A PDF contains the part of its font that it uses. To take that part from all of DejaVu Sans, which comes with
matplotlib, takes several times as long as to draw a figure; from a small font, it is quick. Other characters
are still taken from DejaVu Sans itself.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager

from benchmark.storage.temporary import temporary_file

WHOLE, SMALL = "DejaVu Sans", "DejaVu Sans Small"
#: The version of what follows.
VERSION = 2
_FILES = {"regular": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf"}
#: ASCII, Latin-1, Latin Extended-A, and the signs that labels and axes have.
_CHARACTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *map(ord, "αβγδθλμνπστφ‐‑–—‘’“”‹›…⁰¹²³⁴⁵⁶⁷⁸⁹⁻←↑→↓↔−∞≈≠≤≥×÷·∑√▲▼●■◆"),
)
#: Tables for scripts and signs that are not among these. `GPOS` also has the distances between letters, in a
#: form that takes longer to cut down for a PDF than all the rest; `kern` has the same distances.
_LEFT_OUT = ("FFTM", "GDEF", "GPOS", "GSUB", "MATH")
#: Bytes that are read of a font at once: the small one as a whole.
_BUFFER = 1 << 17


@cache
def families() -> tuple[str, ...]:
    """The names of the fonts to draw with, for `font.family`; the small one is there from the first call on.

    Its two files are kept in matplotlib's cache folder. Where none can be written there, all characters are
    taken from DejaVu Sans.
    """
    with suppress(OSError):
        for style in _FILES:
            font_manager.fontManager.addfont(_small(style))
        return SMALL, WHOLE
    return (WHOLE,)


@contextmanager
def read_at_once() -> Iterator[None]:
    """Fonts that matplotlib opens meanwhile are read in large parts.

    It opens a font by `io.open`, and reads a few bytes here and there for every letter that it measures or
    draws. With the usual buffer, of 4,096 bytes, most of them are read from the file again, which takes twice
    the time of all else that is done for a text.
    """
    usual = io.open

    def opened(file: Any, mode: str = "r", buffering: int = -1, *further: Any, **named: Any) -> Any:
        return usual(file, mode, _BUFFER if buffering == -1 else buffering, *further, **named)

    io.open = opened
    try:
        yield
    finally:
        io.open = usual


def _small(style: str) -> Path:
    """The small font's file of a style, which is made where it is missing."""
    import fontTools

    versions = f"{mpl.__version__}-{fontTools.version}-{VERSION}"
    path = Path(mpl.get_cachedir()) / f"nextword-{style}-{versions}.ttf"
    if not path.is_file():
        with temporary_file(path) as (temporary, file):
            file.write(_taken_from(Path(mpl.get_data_path()) / "fonts" / "ttf" / _FILES[style]))
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
    return path


def _taken_from(whole: Path) -> bytes:
    from fontTools import subset

    options = subset.Options(legacy_kern=True, glyph_names=True)
    options.drop_tables += _LEFT_OUT
    font = subset.load_font(str(whole), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=_CHARACTERS)
    subsetter.subset(font)
    for name in font["name"].names:
        if name.nameID in (1, 4, 6, 16):  # family, full name, PostScript name, typographic family
            shown = name.toUnicode().replace(WHOLE, SMALL).replace("DejaVuSans", "DejaVuSansSmall")
            name.string = shown
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()
