"""Perplexity by order, for n-gram models that were run at several orders."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.report.blocks import Figure, Section
from benchmark.report.context import Context
from benchmark.report.model_settings import number_in
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Column, TableRow, data_table, number_cell, text_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from benchmark.report.figures.lines import Level, Line

ORDER = 70
#: More methods than this cannot be told apart.
METHODS = 5
#: How many times the lowest perplexity the axis shows; and the least of any method, however bad it is.
REACH, LEAST = 2.5, 1.15

COLUMNS = (
    Column("method", "Method"),
    Column("order", "Order", "right"),
    Column("test_perplexity", "Test perplexity", "right"),
)
#: The name of a method, and its rows by order.
Method = tuple[str, list[tuple[float, Row]]]


def build(context: Context) -> Section | None:
    figures = tuple(_figure(group, found) for group in context.ranked_groups if (found := methods(group)))
    return Section("orders", "Order of the n-gram models", figures) if figures else None


def methods(group: RankedGroup) -> list[Method]:
    """Methods with at least two orders, best first. The rows of a method differ in nothing but the order."""
    same: dict[tuple[str, str], list[tuple[float, Row]]] = defaultdict(list)
    for row in group.family("count"):
        order = number_in(row.settings, "order")
        if order is not None and math.isfinite(row.perplexity or math.inf):
            rest = {key: value for key, value in row.settings.items() if key != "order"}
            same[row.model, repr(sorted(rest.items(), key=str))].append((order, row))
    several = [sorted(rows, key=lambda pair: pair[0]) for rows in same.values() if len(rows) > 1]
    several.sort(key=lambda rows: min(row.perplexity or math.inf for _, row in rows))
    return [(_name(rows), rows) for rows in several]


def _name(rows: list[tuple[float, Row]]) -> str:
    """The label without its order: `Add-0.01` for `Add-0.01 3-gram`, `1-skip-n-grams` for `1-skip-3-grams`.

    Where the labels differ in more, it is the words they all begin with, else the name of the model.
    """
    open_ = {re.sub(rf"(?<!\d){order:.0f}(-grams?\b)", r"n\1", row.label) for order, row in rows}
    if len(open_) == 1:
        return " ".join(re.sub(r"(^|\s)n-grams?\b", "", open_.pop()).split()).rstrip(" ,") or "n-gram"
    alike = zip(*(row.label.split() for _, row in rows), strict=False)
    shared = " ".join(words[0] for words in takewhile(lambda words: len(set(words)) == 1, alike))
    plain = re.sub(r"[\s,;:(–-]+(order)?$", "", shared)
    return plain or rows[0][1].model.replace("_", " ").capitalize()


def _drawn(found: list[Method]) -> tuple[list[Method], list[str]]:
    """The best methods, at most `METHODS`, and a phrase for each that is left out as a duplicate.

    A method that agrees with a better one to a thousandth, as the same method from two programs does, is
    not drawn a second time.
    """
    kept: list[Method] = []
    same: list[str] = []
    for name, rows in found:
        twin = next((other for other, known in kept if _alike(rows, known)), None)
        if twin:
            same.append(f"{name} agrees with {twin}")
        elif len(kept) < METHODS:
            kept.append((name, rows))
    return kept, same


def _alike(rows: list[tuple[float, Row]], others: list[tuple[float, Row]]) -> bool:
    """Whether two methods share at least two orders, and agree at all that they share."""
    ours, theirs = ({order: row.perplexity or math.inf for order, row in each} for each in (rows, others))
    shared = ours.keys() & theirs.keys()
    return len(shared) > 1 and all(math.isclose(ours[n], theirs[n], rel_tol=1e-3) for n in shared)


def _figure(group: RankedGroup, found: list[Method]) -> Figure:
    shown, same = _drawn(found)
    name, rows = shown[0]
    best_order, best = min(rows, key=lambda pair: pair[1].perplexity or math.inf)
    verdict = f"Lowest: {name} at order {best_order:.0f}, {text.perplexity(best.perplexity)}."
    caption = (
        f"Test perplexity of n-gram models on {group.title} by order, on a logarithmic axis; lower is "
        f"better. {verdict}"
    )
    neural = group.best("neural")
    if neural:
        caption += f" The horizontal line is the best neural model, {neural.label}."
    if max(row.perplexity or 0 for _, rows in shown for _, row in rows) > _ceiling(shown, neural):
        caption += " A triangle marks where a line goes on beyond the upper edge; the data has the values."
    if same:
        caption += f" To within a thousandth, {text.listed(same)}."
    if len(found) > len(shown) + len(same):
        caption += f" These are the {len(shown)} best of {len(found)} methods; the data has them all."
    alt = f"Line chart of perplexity by order for {len(shown)} n-gram methods on {group.title}. {verdict}"
    file = f"orders_{group.file}"
    data = [
        TableRow(
            (text_cell(name), number_cell(order, text.amount), number_cell(row.perplexity, text.perplexity)),
            row.number,
        )
        for name, rows in found
        for order, row in rows
    ]
    return Figure(
        file,
        f"{group.title}: perplexity by order",
        caption,
        alt,
        partial(_draw, *_lines(shown, neural), _ceiling(shown, neural)),
        data_table(file, COLUMNS, data),
        group.corpus,
    )


def _ceiling(found: list[Method], neural: Row | None) -> float:
    """The upper edge: models of order 1 would flatten all others. The best order of each method is below."""
    lowest = [min(row.perplexity or 1.0 for _, row in rows) for _, rows in found]
    level = [neural.perplexity or 1.0] if neural else []
    return max(REACH * min([*lowest, *level]), LEAST * max(lowest))


def _lines(found: list[Method], neural: Row | None) -> tuple[list[Line], list[Level]]:
    """A line for each method, and the neural model as a level."""
    from benchmark.report.figures.lines import Level, Line

    lines = [
        Line(
            rows[0][1].number, name, "count", (tuple((order, row.perplexity or 1.0) for order, row in rows),)
        )
        for name, rows in found
    ]
    levels = [Level(neural.number, neural.label, "neural", neural.perplexity or 1.0)] if neural else []
    return lines, levels


def _draw(lines: list[Line], levels: list[Level], ceiling: float) -> Drawing:
    from benchmark.report.figures.lines import line_chart

    drawing, axes = line_chart(
        lines,
        levels,
        xlabel="order (words of history + 1)",
        ylabel="test perplexity (lower is better)",
        log_y=True,
        ceiling=ceiling,
        marked=True,
    )
    axes.set_xticks(sorted({order for line in lines for seed in line.seeds for order, _ in seed}))
    axes.xaxis.set_major_formatter("{x:.0f}")
    return drawing
