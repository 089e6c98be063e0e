"""Gives the marks of an SVG document what they tell a reader of the page who points at them."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from html import escape
from typing import Any

_SERIES = re.compile(r"rows?-[\d-]+\.(\d+)")
_SVG = "{http://www.w3.org/2000/svg}"
_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"
#: In points: a shape this near to the place of a mark is that mark.
NEAR = 0.1


def give_marks_their_values(root: ET.Element) -> str:
    """Gives each mark `data-x` and `data-y`, its values as the axes write them, and its group `data-name`.

    A series of a line without marks gets marks that cannot be seen, with the class `spot`, to be pointed at.
    The values are those of the document's description (see `figures.told`). Returns the attributes of the
    drawing as a whole: what x and y are. A document whose description is not ours is left as it is.
    """
    try:
        told = json.loads(root.findtext(f".//{_DESCRIPTION}", "{}"))
        for group in list(root.iter(f"{_SVG}g")):
            if found := _SERIES.fullmatch(group.get("id", "")):
                _give(group, told["series"][int(found[1])])
        axes = [(axis, escape(str(told[axis]), quote=True)) for axis in "xy"]
        return "".join(f' data-{axis}-axis="{said}"' for axis, said in axes if said)
    except (ValueError, KeyError, IndexError, TypeError):
        return ""


def _give(group: ET.Element, series: dict[str, Any]) -> None:
    if series["name"]:
        group.set("data-name", str(series["name"]))
    if "whole" in series:
        x, y = series["whole"]
        _tell(group, x, y)
    elif series["on_marks"]:
        for shape in group.iter(f"{_SVG}use"):
            mark = _nearest(shape, series["marks"])
            if mark is not None:
                _tell(shape, *mark[2:])
    else:
        for across, down, *said in series["marks"]:
            spot = ET.SubElement(
                group, f"{_SVG}circle", {"cx": f"{across}", "cy": f"{down}", "class": "spot"}
            )
            _tell(spot, *said)


def _tell(shape: ET.Element, x: str, y: str) -> None:
    said = {"data-x": x, "data-y": y}
    shape.attrib.update({key: str(value) for key, value in said.items() if value})


def _nearest(shape: ET.Element, marks: Sequence[Sequence[Any]]) -> Sequence[Any] | None:
    """What a shape tells; None for one that is not at the place of a mark."""
    x, y = float(shape.get("x", "nan")), float(shape.get("y", "nan"))
    near = [mark for mark in marks if math.hypot(mark[0] - x, mark[1] - y) < NEAR]
    return min(near, key=lambda mark: math.hypot(mark[0] - x, mark[1] - y), default=None)
