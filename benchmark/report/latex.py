"""Tables for a paper: booktabs, every special character escaped."""

from __future__ import annotations

import re

from benchmark.report.blocks import Table

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "–": "--",
    "—": "---",
    "‑": "-",
    "−": r"$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "÷": r"$\div$",
    "∞": r"$\infty$",
    "…": r"\ldots{}",
    "“": "``",
    "”": "''",
}
_PATTERN = re.compile("|".join(map(re.escape, _SPECIAL)))


def escape(text: str) -> str:
    """Text that LaTeX sets as it is written here."""
    return _PATTERN.sub(lambda match: _SPECIAL[match[0]], text)


def latex_table(table: Table) -> str:
    """A `table` environment of the key columns; needs `\\usepackage{booktabs}` and T1 fonts."""
    shown = table.visible("key")
    columns = [table.columns[i] for i in shown]
    lines = [
        r"\begin{table}",
        r"\centering\small",
        rf"\caption{{{escape(table.caption)}}}",
        rf"\label{{tab:{re.sub('[^a-z0-9]+', '-', table.name)}}}",
        rf"\begin{{tabular}}{{@{{}}{''.join('r' if c.align == 'right' else 'l' for c in columns)}@{{}}}}",
        r"\toprule",
        " & ".join(escape(column.title) for column in columns) + r" \\",
    ]
    for group in table.drawn():
        lines.append(r"\midrule")
        if group.title:
            heading = " -- ".join(escape(part) for part in (group.title, group.note) if part)
            lines.append(rf"\multicolumn{{{len(columns)}}}{{@{{}}l@{{}}}}{{\textit{{{heading}}}}} \\")
        lines += [" & ".join(escape(row.cells[i].shown) for i in shown) + r" \\" for row in group.rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])
