"""Texts of figures are laid out once, and not each time that they are measured or drawn.

matplotlib 3.11 lays a text out anew whenever it asks for its extent or draws it, some four times a label in
each of three formats. That was a quarter of the time of a report.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib import font_manager
from matplotlib.text import Text

#: Most layouts, and most lists of fonts, that are kept. A report has some two thousand.
MOST = 20_000
_layouts: dict[Any, Any] = {}
_fonts: dict[Any, Any] = {}


@contextmanager
def laid_out_once() -> Iterator[None]:
    """Texts that are measured or drawn meanwhile share their layouts, where all that these depend on is the
    same. Figures look as they do without."""
    manager: Any = font_manager.FontManager
    found = getattr(manager, "_find_fonts_by_props", None)
    lay_out = Text._get_layout  # type: ignore[attr-defined]

    def laid_out(text: Any, renderer: Any) -> Any:
        if text.get_wrap():  # depends on the figure around it
            return lay_out(text, renderer)
        return _kept(_layouts, _all_of(text, renderer), lambda: lay_out(text, renderer))

    def fonts_of(fonts: Any, properties: Any, *further: Any, **named: Any) -> Any:
        key = (properties.copy(), further, tuple(named.items()))  # FontProperties can change: their hash, too
        return _kept(_fonts, key, lambda: found(fonts, properties, *further, **named))  # type: ignore[misc]

    Text._get_layout = laid_out  # type: ignore[attr-defined]
    if found is not None:
        manager._find_fonts_by_props = fonts_of
    try:
        yield
    finally:
        Text._get_layout = lay_out  # type: ignore[attr-defined]
        if found is not None:
            manager._find_fonts_by_props = found


def _all_of(text: Any, renderer: Any) -> tuple[Any, ...]:
    """All that a layout depends on, beside matplotlib's settings."""
    # What measures: for SVG and PDF, the renderer that is given forwards to another.
    measuring = type(renderer.get_text_width_height_descent.__self__)
    return (
        measuring,
        text.figure.dpi,
        text.get_text(),
        text.get_fontproperties().copy(),
        text.get_rotation(),
        text.get_rotation_mode(),
        text.get_horizontalalignment(),
        text.get_verticalalignment(),
        text.get_usetex(),
        text.get_parse_math(),
        getattr(text, "_multialignment", None),
        getattr(text, "_linespacing", None),
    )


def _kept(memory: dict[Any, Any], key: Any, make: Any) -> Any:
    if key not in memory:
        if len(memory) >= MOST:
            memory.clear()
        memory[key] = make()
    return memory[key]
