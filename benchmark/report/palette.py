"""The colours of page and figures, in light and dark.

The hues are Okabe and Ito's (2008), darkened or lightened until each has a contrast of 4.5 to 1 with
its ground and any two of them are 15 apart in CIE Lab to eyes without red or green cones. Figures are
drawn in the light colours; on the page each becomes the CSS variable of its name, so that it follows the
theme.
"""

from __future__ import annotations

LIGHT = {
    "ground": "#ffffff",
    "ink": "#1c2127",
    "muted": "#5a636e",
    "rule": "#d8dde3",
    "blue": "#0a5fa5",
    "orange": "#b84a00",
    "green": "#007454",
    "pink": "#8f1d66",
    "ochre": "#4a3b00",
    "sky": "#2b7c9e",
}

DARK = {
    "ground": "#171b20",
    "ink": "#e8ebee",
    "muted": "#a3adb8",
    "rule": "#39414a",
    "blue": "#6cb4f5",
    "orange": "#ff9a57",
    "green": "#4bcb9f",
    "pink": "#e86fb8",
    "ochre": "#f7ebb0",
    "sky": "#c4ecff",
}

FAMILIES = {"count": "blue", "neural": "orange", "mixture": "green"}
MARKERS = {"count": "o", "neural": "D", "mixture": "s"}
#: What further lines of a family are drawn in, nearest hue first.
SERIES = {
    "count": ("blue", "sky", "green", "ochre", "pink", "orange"),
    "neural": ("orange", "pink", "ochre", "green", "sky", "blue"),
    "mixture": ("green", "ochre", "sky", "pink", "blue", "orange"),
}
#: Read aloud and in print, where colour says nothing.
FAMILY_NAMES = {"count": "n-gram", "neural": "neural", "mixture": "mixture"}


def family_colour(family: str) -> str:
    """The hex colour a family is drawn in."""
    return LIGHT[FAMILIES.get(family, "muted")]


def css() -> str:
    """The colours as CSS variables, dark where the reader's system asks for it."""
    light = "".join(f"--{name}:{value};" for name, value in LIGHT.items())
    dark = "".join(f"--{name}:{value};" for name, value in DARK.items())
    return f":root{{{light}}}@media (prefers-color-scheme:dark){{@media screen{{:root{{{dark}}}}}}}"
