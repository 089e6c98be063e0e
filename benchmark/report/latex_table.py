"""Tables for a paper, set with booktabs and kept within the width of the line.

Long text wraps, headings of numbers break across lines, and a table that is still too wide is set in smaller
type. A table that fills more than a page becomes a `longtable`, which continues from page to page.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.report.latex_escape import breakable, escape
from benchmark.report.tables import Column, Group, Table

PACKAGES = r"% \usepackage[T1]{fontenc} \usepackage{array,booktabs,graphicx,longtable,lscape}"
#: Characters in a line of a 10-point article, by type size; and in a line of a landscape page.
PORTRAIT = {"small": 74, "footnotesize": 81, "scriptsize": 88}
LANDSCAPE = {"small": 118, "footnotesize": 129, "scriptsize": 141}
#: The space between two columns, in characters.
GAP = 1.5
#: Text longer than `WRAPPED` characters may wrap, but not to less than `NARROWEST`.
WRAPPED, NARROWEST = 24, 22
#: Rows that fit on one page.
PAGE = 40


@dataclass(frozen=True)
class _Layout:
    """The type size, the characters in a line, and the width of each column in characters.

    `natural` is the width that the cells take unwrapped, `wrapped` the width of wrapped columns (0: not
    wrapped).
    """

    size: str
    line: int
    natural: tuple[int, ...]
    wrapped: tuple[int, ...]

    @property
    def landscape(self) -> bool:
        return self.line > max(PORTRAIT.values())

    @property
    def width(self) -> float:
        """The width of a row, in characters."""
        return sum(w or n for w, n in zip(self.wrapped, self.natural, strict=True)) + GAP * len(self.natural)

    def share(self, width: float) -> str:
        """A width in characters as a share of the line width."""
        return rf"{width / self.line:.3f}\linewidth"

    def columns(self, columns: Sequence[Column]) -> str:
        """The argument of `tabular`."""
        return "".join(
            rf">{{\raggedright\arraybackslash}}p{{{self.share(width)}}}"
            if width
            else ("r" if column.align == "right" else "l")
            for column, width in zip(columns, self.wrapped, strict=True)
        )


def latex_table(table: Table) -> str:
    """The key columns as a `table`, or as a `longtable` if they fill more than a page.

    The first line is a comment that names the packages it needs.
    """
    shown = table.visible("key")
    columns = [table.columns[i] for i in shown]
    groups = table.drawn()
    rows = [[row.cells[i].shown for i in shown] for group in groups for row in group.rows]
    long = len(rows) + 2 * len(groups) > PAGE
    layout = _layout(columns, rows, long)
    body = [line for group in groups for line in _group(group, shown, layout)]
    sentences = " ".join(part for part in (table.caption, table.omission) if part)
    caption = rf"\caption{{{breakable(sentences)}}}\label{{tab:{re.sub('[^a-z0-9]+', '-', table.name)}}}"
    titles = map(_heading, columns, layout.natural, layout.wrapped)
    head = [r"\toprule", " & ".join(titles) + r" \\"]
    lines = (_long if long else _float)(layout, layout.columns(columns), caption, head, body)
    return "\n".join([PACKAGES, *lines, ""])


def _float(layout: _Layout, columns: str, caption: str, head: list[str], body: list[str]) -> list[str]:
    return [
        r"\begin{table}",
        rf"\centering\{layout.size}\setlength{{\tabcolsep}}{{3pt}}",
        caption,
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        *head,
        *body,
        r"\bottomrule",
        r"\end{tabular}}",
        r"\end{table}",
    ]


def _long(layout: _Layout, columns: str, caption: str, head: list[str], body: list[str]) -> list[str]:
    lines = [
        rf"\begingroup\{layout.size}\setlength{{\tabcolsep}}{{3pt}}",
        rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}",
        rf"{caption}\\",
        *head,
        r"\endfirsthead",
        *head,
        r"\midrule",
        r"\endhead",
        *body,
        r"\bottomrule",
        r"\end{longtable}",
        r"\endgroup",
    ]
    return [r"\begin{landscape}", *lines, r"\end{landscape}"] if layout.landscape else lines


def _layout(columns: Sequence[Column], rows: Sequence[Sequence[str]], long: bool) -> _Layout:
    """The largest type size in which everything fits, else the smallest. A long table may go landscape."""
    longest = [max((len(row[i]) for row in rows), default=0) for i in range(len(columns))]
    natural = tuple(
        max(width, *map(len, _heading_lines(column, width)))
        for column, width in zip(columns, longest, strict=True)
    )
    may_wrap = [c.align == "left" and width > WRAPPED for c, width in zip(columns, natural, strict=True)]
    for size, line in [*PORTRAIT.items(), *(LANDSCAPE.items() if long else ())]:
        layout = _Layout(size, line, natural, _shares(natural, may_wrap, line - GAP * len(columns)))
        if layout.width <= line:
            break
    return layout


def _shares(natural: Sequence[int], may_wrap: Sequence[bool], line: float) -> tuple[int, ...]:
    """The widths of the wrapped columns: they share what is left by the square root of their lengths."""
    if sum(natural) <= line:
        return (0,) * len(natural)
    left = line - sum(n for n, wraps in zip(natural, may_wrap, strict=True) if not wraps)
    weights = [n**0.5 if wraps else 0.0 for n, wraps in zip(natural, may_wrap, strict=True)]
    return tuple(
        min(n, max(NARROWEST, int(left * weight / sum(weights)))) if weight else 0
        for n, weight in zip(natural, weights, strict=True)
    )


def _heading_lines(column: Column, width: int) -> list[str]:
    """A title broken at spaces to the width of its cells."""
    return textwrap.wrap(column.title, max(width, 8), break_long_words=False, break_on_hyphens=False) or [""]


def _heading(column: Column, width: int, wrapped: int) -> str:
    if wrapped:
        return breakable(column.title)
    lines = [escape(line) for line in _heading_lines(column, width)]
    side = "r" if column.align == "right" else "l"
    return lines[0] if len(lines) == 1 else rf"\shortstack[{side}]{{" + r"\\".join(lines) + "}"


def _group(group: Group, shown: Sequence[int], layout: _Layout) -> list[str]:
    lines = [r"\midrule"]
    if group.title:
        heading = " – ".join(part for part in (group.title, group.note) if part)
        width = min(layout.width, layout.line)
        span = "l" if len(heading) <= width else f"p{{{layout.share(width)}}}"
        cell = rf"\textit{{{breakable(heading)}}}"
        lines.append(rf"\multicolumn{{{len(shown)}}}{{@{{}}{span}@{{}}}}{{{cell}}} \\")
    setters = [breakable if width else escape for width in layout.wrapped]
    for row in group.rows:
        cells = (set_(row.cells[i].shown) for set_, i in zip(setters, shown, strict=True))
        lines.append(" & ".join(cells) + r" \\")
    return lines
