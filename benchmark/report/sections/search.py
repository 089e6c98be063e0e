"""Searches for settings: the progress of each, its best trials, and which settings mattered."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import partial

from benchmark import text
from benchmark.report.blocks import Block, Figure, Paragraph, Section, about
from benchmark.report.context import Context
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, data_table, number_cell, text_cell
from benchmark.search.importance import importance
from benchmark.search.record import SearchRecord, Trial, short_names

ORDER = 76
#: Rows of a table that are drawn; the CSV has them all.
MOST = 10
#: Trials above this many times the lowest are drawn at the upper edge: they would flatten all others.
CEILING = 3

INTRODUCTION = (
    "Each trial is an ordinary run. Settings are chosen on the validation split, never on the test split. "
    "Only the best run of a search is ranked in the comparison; the others are listed here only. The best of "
    "many trials looks better on the validation split than it is, so judge it by its test result in the "
    "comparison."
)
SAMPLERS = {
    "tpe": "proposed by a tree-structured Parzen estimator",
    "random": "drawn at random",
    "quasi-random": "taken from a Sobol sequence",
    "grid": "taken from a grid",
}


def build(context: Context) -> Section | None:
    if not context.searches:
        return None
    rows = context.numbers
    blocks: list[Block] = [Paragraph((INTRODUCTION,), "note")]
    for search in context.searches:
        corpora = _corpora(search)
        shown: list[Block] = [_progress(search), _best(search, rows)]
        blocks += about(corpora[0], shown) if len(corpora) == 1 else shown
    return Section("search", "Searches for settings", tuple(blocks))


def best_so_far(search: SearchRecord) -> list[tuple[Trial, float | None]]:
    """Every trial with the lowest value so far; None before the first that finished."""
    pairs: list[tuple[Trial, float | None]] = []
    lowest: float | None = None
    for trial in search.trials:
        value = trial.value
        if value is not None and (lowest is None or value < lowest):
            lowest = value
        pairs.append((trial, lowest))
    return pairs


def _corpora(search: SearchRecord) -> list[str]:
    return sorted({text.clean(trial.corpus) for trial in search.trials})


def _title(search: SearchRecord) -> str:
    return f"{text.clean(search.name)} on {text.listed(_corpora(search))}"


def _file(kind: str, search: SearchRecord) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", f"{kind}_{search.name}_{search.digest[:6]}")


def _progress(search: SearchRecord) -> Figure:
    from benchmark.report.figures.trials import trial_chart

    goal = search.goal
    best, first = search.ranked[0], min(search.ranked, key=lambda trial: trial.number)
    verdict = (
        f"Trial {best.number} is the best of {text.plural(len(search.ended), 'trial')}, at "
        f"{goal.text(goal.shown(best.value))}; trial {first.number}, the first that finished, had "
        f"{goal.text(goal.shown(first.value))}."
    )
    failed = len(search.failed)
    more = f" {text.plural(failed, 'trial')} failed." if failed else ""
    if any((trial.value or 0) > CEILING * (best.value or math.inf) for trial in search.trials):
        more += f" Trials above {CEILING} times the lowest are triangles at the upper edge."
    described = text.clean(search.description).rstrip(".")
    caption = (
        f"{text.capitalised(described)}: {goal.lowered} of each trial "
        f"(points; the best is a diamond) and the lowest so far (line); lower is better. Settings were "
        f"{SAMPLERS.get(search.sampler, search.sampler)}, {search.batch} trials at a time. {verdict}{more}"
    )
    alt = f"Line chart of the lowest {goal.lowered} by trial, search {_title(search)}. {verdict}"
    columns = (
        Column("trial", "Trial", "right"),
        Column(goal.key, text.capitalised(goal.heading), "right"),
        Column("best_so_far", "Best so far", "right"),
        Column("state", "State"),
    )
    rows = [
        TableRow(
            (
                Cell(str(trial.number), float(trial.number)),
                number_cell(goal.shown(trial.value), goal.text),
                number_cell(goal.shown(lowest), goal.text),
                text_cell(trial.state),
            )
        )
        for trial, lowest in best_so_far(search)
    ]
    name = _file("search", search)
    title = f"Search {_title(search)}"
    lowest_so_far = [(t.number, goal.on_axis(low)) for t, low in best_so_far(search) if low is not None]
    finished = [(t.number, goal.on_axis(t.value)) for t in search.trials if t.value is not None]
    draw = partial(trial_chart, finished, lowest_so_far, len(search.ended), CEILING, goal.axis)
    return Figure(name, title, caption, alt, draw, data_table(name, columns, rows))


def _best(search: SearchRecord, rows: dict[str, int]) -> Table:
    names = [re.sub(r"[._]", " ", name) for name in short_names(search.space)]
    columns = (
        Column("trial", "Trial", "right"),
        Column(search.goal.key, text.capitalised(search.goal.heading), "right"),
        *(Column(key, name, "right") for key, name in zip(search.space, names, strict=True)),
        Column("run_id", "Run", level="more", mono=True),
        Column("state", "State", level="data"),
        Column("reason", "Reason", level="data"),
        Column("command", "Command", level="data"),
    )
    goal, ranked = search.goal, search.ranked
    best = ranked[0]
    others = [trial for trial in search.trials if trial not in ranked]
    lines = tuple(
        TableRow(
            (
                Cell(str(trial.number), float(trial.number)),
                replace(number_cell(goal.shown(trial.value), goal.text), best=trial is best),
                *(_parameter(trial, key) for key in search.space),
                text_cell(trial.run_id),
                text_cell(trial.state),
                text_cell(trial.reason or ""),
                text_cell(trial.command),
            ),
            rows.get(trial.run_id, 0),
        )
        for trial in [*ranked, *others]
    )
    caption = (
        f"The best trials of search {_title(search)}, by {goal.name}.{_shares(search, names)} "
        f"To repeat the search: {text.clean(search.command)}. "
        f"To repeat its best run: {text.clean(best.command)}."
    )
    return Table(_file("trials", search), caption, columns, (Group(lines),), sortable=True, most=MOST)


def _shares(search: SearchRecord, names: list[str]) -> str:
    found = importance(search)
    if not found:
        return ""
    shares = sorted(zip(found.values(), names, strict=True), reverse=True)
    listed = text.listed([f"{name} {text.percent(share, 0)}" for share, name in shares])
    return f" Share of each setting in what tells the best trials from the others (PED-ANOVA): {listed}."


def _parameter(trial: Trial, key: str) -> Cell:
    value = trial.parameters.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text_cell(
            "null" if value is None else str(value).lower() if isinstance(value, bool) else value
        )
    return Cell(f"{value:g}", float(value))
