"""The colours of the page and the figures, light and dark, and the names and marks of the families.

The hues are those of Okabe and Ito (2008), darkened or lightened until each has a contrast of at least 4.5:1
with its background and any two are 15 apart in CIE Lab for readers without red or green cones. Figures are
drawn in the light colours; on the page, each becomes the CSS variable of its name and so follows the theme.
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
#: The colours of further lines of a family, nearest hue first.
SERIES = {
    "count": ("blue", "sky", "green", "ochre", "pink", "orange"),
    "neural": ("orange", "pink", "ochre", "green", "sky", "blue"),
    "mixture": ("green", "ochre", "sky", "pink", "blue", "orange"),
}
#: What readers call the families that records name `count`, `neural` and `mixture`.
FAMILY_NAMES = {"count": "n-gram", "neural": "neural", "mixture": "mixture"}


def family_colour(family: str) -> str:
    """The colour of a family, in hexadecimal."""
    return LIGHT[FAMILIES.get(family, "muted")]


def css() -> str:
    """The colours as CSS variables, the dark ones where the reader's system asks for them."""
    light = "".join(f"--{name}:{value};" for name, value in LIGHT.items())
    dark = "".join(f"--{name}:{value};" for name, value in DARK.items())
    return f":root{{{light}}}@media (prefers-color-scheme:dark){{@media screen{{:root{{{dark}}}}}}}"
