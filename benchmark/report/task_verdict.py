"""The verdict on a task in words: a counted method beside a network, and how sure that is.

Both are those that are the best of their family on the validation items. The test items only report.
"""

from __future__ import annotations

from benchmark import text
from benchmark.report.blocks import Paragraph, Strong
from benchmark.report.rows import Row
from benchmark.report.task_groups import FAMILIES, TaskGroup, measure_of, over_seeds
from benchmark.statistics import p_of, shown_to_differ


def task_verdict(group: TaskGroup) -> Paragraph:
    """The verdict on one corpus; of a single family, what its best method reached."""
    main, best = group.task.main, {family: group.best(family) for family in ("count", "neural")}
    counted, neural = best["count"], best["neural"]
    named = Strong(group.title)
    if counted is None or neural is None:
        only = counted or neural or group.rows[0]
        said = (
            f": {only.label} has {over_seeds(only, main)}{main.unit} ({main.name}). One family has been run."
        )
        return Paragraph((named, said), corpus=group.corpus)
    pair = [counted, neural]
    pair.sort(key=lambda row: measure_of(row, main) or 0.0, reverse=main.higher_is_better)
    better, worse = pair
    parts = (
        f": {better.label} ({FAMILIES[better.family]}) has {over_seeds(better, main)}{main.unit} and "
        f"{worse.label} ({FAMILIES[worse.family]}) {over_seeds(worse, main)}{main.unit} ({main.name}). "
        f"{_how_sure(group, better, worse)}"
    )
    return Paragraph((named, parts), corpus=group.corpus)


def _how_sure(group: TaskGroup, better: Row, worse: Row) -> str:
    main = group.task.main
    found = None if group.drawn is None else group.drawn.ahead(better, worse)
    apart = abs((measure_of(better, main) or 0.0) - (measure_of(worse, main) or 0.0))
    points = text.decimals(100 * apart, 2)
    if found is None:
        return f"They are {points} points apart. The runs keep no losses of items, so it has no interval."
    ahead, p = found
    low, high = (text.decimals(100 * end, 2).replace("-", "−") for end in (ahead.low, ahead.high))
    told = p_of(ahead.value, p)
    interval = f"95% interval {low} to {high}{'' if told is None else f', {text.p_said(told)}'}"
    if shown_to_differ(ahead.value, p):
        return f"That is {points} points better ({interval})."
    return f"They are {points} points apart, which does not tell them apart ({interval})."
