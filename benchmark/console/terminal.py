"""Text for people at a terminal, and for pipes and files.

A terminal gets tables that fit its width. A pipe or a file gets plain text without colour codes: labels are
whole and columns as wide as their content, so the same rows always give the same lines. `NO_COLOR` turns
off colours on a terminal, too. rich does the layout; it is imported when the first table is made.
"""

from __future__ import annotations

import json
import math
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, TextIO, cast

from benchmark.console.output import CONTROLS, OwnStream, own_styles, showable
from benchmark.text import one_line

if TYPE_CHECKING:
    from rich.console import Console

#: The width of a pipe: more than any table needs.
UNLIMITED = 100_000
#: The narrowest terminal that tables are laid out for.
NARROWEST = 20
#: A label column is folded down to this width before a column is left out.
LEAST_LABEL = 24
#: Blanks between two columns: the cell's padding, and the frame's empty divider.
GAP = 2


@dataclass(frozen=True)
class Column:
    """A column of a table; its title may have several lines. Numbers go to the `right` and are never split.

    `folds`: on a narrow terminal, long text continues on the next line. `spare`: the order, from 1, in
    which columns are left out if folding is not enough; a column with 0 is never left out.
    """

    title: str
    right: bool = False
    folds: bool = False
    spare: int = 0


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether a stream, by default standard output, is a terminal that can redraw a line."""
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


def console(width: int | None = None) -> Console:
    """A console on standard output; `width` replaces its number of columns."""
    from rich.console import Console

    return Console(
        file=cast(TextIO, OwnStream()),
        width=width or _columns(),
        force_terminal=is_terminal(),
        markup=False,
        emoji=False,
        highlight=False,
    )


def _columns() -> int:
    """The width of standard output. A terminal that says 0 is taken to have 80 columns, as usual."""
    return max(NARROWEST, get_terminal_size().columns) if sys.stdout.isatty() else UNLIMITED


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """A table for standard output, as text.

    `width`: the characters in a line, by default those of the terminal. If columns are left out, the last
    line names them.
    """
    from rich.cells import cell_len

    out = console(width)
    rows = [[showable(one_line(text)) for text in row] for row in rows]
    titles = [max(c.title.splitlines() or [""], key=cell_len) for c in columns]
    natural = [max(map(cell_len, texts)) for texts in zip(titles, *rows, strict=True)]
    kept = _fitting(columns, natural, out.width)
    with out.capture() as captured:
        out.print(_grid([columns[i] for i in kept], [[row[i] for i in kept] for row in rows], natural, kept))
    lines = [line.rstrip() for line in captured.get().splitlines()]
    if left_out := [" ".join(column.title.split()) for i, column in enumerate(columns) if i not in kept]:
        lines.append(f"(left out at this width: {', '.join(left_out)})")
    return own_styles("\n".join(lines))


def json_text(data: Any) -> str:
    """JSON for another program, with the keys in order, that any parser reads: an infinite number is the
    string "inf", what is not a number is null, and an output that lacks signs gets them escaped."""
    text = json.dumps(
        _finite(data), indent=1, sort_keys=True, allow_nan=False, ensure_ascii=showable("×∞") != "×∞"
    )
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)  # those that JSON allows in text


def _finite(value: Any) -> Any:
    """A value without numbers that JSON does not have."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def _fitting(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[int]:
    """The indices of the columns that fit when those that fold are at their narrowest."""
    kept = list(range(len(columns)))
    spare = sorted((i for i in kept if columns[i].spare), key=lambda i: columns[i].spare)
    least = [min(size, LEAST_LABEL) if c.folds else size for c, size in zip(columns, natural, strict=True)]
    while spare and sum(least[i] for i in kept) + GAP * (len(kept) - 1) > width:
        kept.remove(spare.pop(0))
    return kept


def _grid(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], natural: Sequence[int], kept: Sequence[int]
) -> object:
    """A rich table without a frame, in which only columns that fold can shrink."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for column, i in zip(columns, kept, strict=True):
        grid.add_column(
            Text(column.title),
            justify="right" if column.right else "left",
            no_wrap=not column.folds,
            min_width=None if column.folds else natural[i],
            overflow="fold",
        )
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def wrapped_names(names: Sequence[str]) -> str:
    """Names for a help text, behind a word of ten columns: in rows of 100 columns at most."""
    indent = " " * 10
    return textwrap.fill(", ".join(names), 100, initial_indent=indent, subsequent_indent=indent).strip()
