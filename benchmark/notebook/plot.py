"""Figures for notebooks and papers. Each is drawn into `ax`, or into axes of its own, which are returned.

They have no titles: a paper has captions. `plot.costs(frame).figure.savefig("costs.pdf")` writes one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark import arguments
from benchmark import text as numbers
from benchmark.console.output import say
from benchmark.errors import UserError, did_you_mean
from benchmark.measure.measures import BY_KEY, COSTS, TEST_PERPLEXITY, VALID_PERPLEXITY
from benchmark.notebook.compared_tasks import ComparedTasks
from benchmark.record.find import find_run
from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.figures.style import log_axis
from benchmark.report.learning_curves import learning_curves
from benchmark.report.palette import FAMILIES, FAMILY_NAMES, LIGHT, MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

    from benchmark.notebook.compared import Compared

#: From the name that readers know to the one in records.
_RECORDED = {shown: name for name, shown in FAMILY_NAMES.items()}


def perplexities(frame: DataFrame, *, most: int = 20, ax: Axes | None = None) -> Axes:
    """Test perplexity of the best rows of `ranking(…)` or `runs(…)`, a dot each, with its 95% interval.

    Of several corpora, the first. Raises UserError if no row has a finite perplexity, or `most` is below 1.
    """
    rows = _finite(frame, TEST_PERPLEXITY.key).head(arguments.whole("most", most, 1))
    ax = ax or _axes(4.8, 0.6 + 0.26 * len(rows))
    labels = list(rows["label"] if "label" in rows.columns else rows.index)
    if "train_share" in rows.columns:  # the labels of `ranking` have it already
        labels = [numbers.with_share(*pair) for pair in zip(labels, rows["train_share"], strict=True)]
    places = np.arange(len(rows))[::-1]
    for place, (_, row) in zip(places, rows.iterrows(), strict=True):
        value, colour = row[TEST_PERPLEXITY.key], _colour(row["family"])
        low, high = row.get("perplexity_low", math.nan), row.get("perplexity_high", math.nan)
        if low == low:
            ax.plot([low, high], [place, place], color=colour, lw=1.5)
        ax.plot([value], [place], marker=_marker(row["family"]), color=colour, ls="none")
    ax.set_yticks(places, labels)
    ax.set_xlabel(TEST_PERPLEXITY.axis)
    log_axis(ax, "x", numbers.perplexity)
    ax.grid(axis="x", color=LIGHT["rule"], lw=0.7)
    _families(ax, set(rows["family"]))
    return ax


def costs(
    frame: DataFrame,
    cost: str = "bytes_in_memory",
    *,
    names: str | Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Test perplexity against a cost, both on logarithmic axes, by family.

    `cost` is a column of `frame`: `bytes_in_memory`, `train_seconds`, `score_tokens_per_second`, …. The rows
    named by `names` (run ids, or labels of `ranking`) are labelled, by default the best of each family.
    Raises UserError for a column that is no measure, or that no row has, and for a name that is no row.
    """
    if cost not in BY_KEY:
        raise UserError(f"there is no measure {cost!r}. {did_you_mean(cost, [each.key for each in COSTS])}")
    rows = _finite(frame, TEST_PERPLEXITY.key, cost)
    rows = rows[rows[cost] > 0]
    ax = ax or _axes(4.8, 3.4)
    for family, some in rows.groupby("family", sort=False):
        ax.plot(some[cost], some[TEST_PERPLEXITY.key], _marker(str(family)), color=_colour(str(family)))
    chosen = arguments.names("names", names, '["RUN_ID"]')
    if missing := [name for name in chosen if name not in rows.index]:
        raise UserError(f"names: there is no row {missing[0]!r} here. {did_you_mean(missing[0], rows.index)}")
    named = rows.loc[chosen] if chosen else rows.groupby("family", sort=False).head(1)
    middle = math.sqrt(rows[cost].min() * rows[cost].max())
    for name, row in named.iterrows():
        side, place = "right" if row[cost] > middle else "left", (row[cost], row[TEST_PERPLEXITY.key])
        offset = (-5 if side == "right" else 5, 5)
        ax.annotate(
            row.get("label", name), place, offset, ha=side, textcoords="offset points", fontsize="small"
        )
    ax.set_xlabel(BY_KEY[cost].axis)
    ax.set_ylabel(TEST_PERPLEXITY.axis)
    log_axis(ax, "x", BY_KEY[cost].show)
    log_axis(ax, "y", numbers.perplexity)
    _families(ax, set(rows["family"]))
    return ax


def training(
    *runs: str | Path, results_dir: str | Path = "results", by: str = "tokens", ax: Axes | None = None
) -> Axes:
    """Validation perplexity of networks while they train, `by` the `tokens` or the `seconds` so far.

    Raises UserError for a run without a training curve.
    """
    if by not in ("tokens", "seconds"):
        raise UserError(f"by={by!r}: give 'tokens' or 'seconds'")
    ax = ax or _axes(4.8, 3.4)
    for name in runs:
        run = find_run(Path(results_dir), str(name), say)
        points = [(getattr(each, by), each.perplexity) for each in run.validations]
        points = [(x, y) for x, y in points if x is not None]
        if not points:
            raise UserError(f"{run.result.label} ({run.folder.name}) keeps no training curve by {by}")
        ax.plot(*zip(*points, strict=True), marker="o", ms=3, label=run.result.label)
    log_axis(ax, "y", numbers.perplexity)
    show = numbers.amount if by == "tokens" else numbers.duration
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: numbers.round_ticks(show(value)))
    ax.set_xlabel(f"training {by}")
    ax.set_ylabel(VALID_PERPLEXITY.axis)
    ax.legend(frameon=False, fontsize="small")
    return ax


def learning_curve(
    results_dir: str | Path = "results", *, corpus: str | None = None, ax: Axes | None = None
) -> Axes:
    """Test perplexity by the number of training tokens, a line for each model trained on several amounts.

    Of a model with several settings for an amount, the best on validation is drawn, the mean of its seeds.
    Without `corpus`, the first. Raises UserError if there is no such model.
    """
    records = [run for run in read_runs(Path(results_dir)) if corpus in (None, run.result.corpus)]
    groups = context_of(records, Path(results_dir)).groups_with_shares if records else []
    lines = next((lines for group in groups if (lines := learning_curves(group))), [])
    if not lines:
        raise UserError("no model here was trained on several shares of the text (+sweep=learning_curve)")
    ax = ax or _axes(4.8, 3.4)
    for line in lines:
        family = FAMILY_NAMES.get(line.family, line.family)
        dashes = "-" if line.family == "count" else "--"
        ax.plot(*zip(*line.points, strict=True), dashes, marker=_marker(family), ms=4, label=line.name)
    ax.set_xlabel("training tokens")
    ax.set_ylabel(TEST_PERPLEXITY.axis)
    log_axis(ax, "x", numbers.amount)
    log_axis(ax, "y", numbers.perplexity)
    ax.legend(frameon=False, fontsize="small")
    return ax


def differences(
    compared: Compared | ComparedTasks, criterion: str | None = None, *, ax: Axes | None = None
) -> Axes:
    """Where two runs differ: nats a target by group, with 95% intervals; below zero, the second is better.

    `criterion` is one of the values of that column in `compared.groups`; by default the first. Raises
    UserError for another, and for a comparison of tasks.
    """
    if isinstance(compared, ComparedTasks):
        raise UserError("differences by group are those of language models: see pairs of this comparison")
    groups = compared.groups
    known = list(dict.fromkeys(groups["criterion"]))
    criterion = known[0] if criterion is None else criterion
    if criterion not in known:
        raise UserError(f"there is no criterion {criterion!r}. {did_you_mean(criterion, known)}")
    rows = groups[(groups["criterion"] == criterion) & (groups["label"] == groups["label"].iloc[0])]
    ax = ax or _axes(4.8, 0.8 + 0.3 * len(rows))
    places = np.arange(len(rows))[::-1]
    ax.hlines(places, rows["difference_low"], rows["difference_high"], color=LIGHT["blue"], lw=1.5)
    ax.plot(rows["difference"], places, "o", color=LIGHT["blue"])
    ax.axvline(0, color=LIGHT["muted"], lw=0.8)
    ax.set_yticks(places, list(rows["group"]))
    ax.set_xlabel(f"{rows['label'].iloc[0]} − {compared.comparison.entries[0].label}, nats")
    return ax


def _axes(width: float, height: float) -> Axes:
    from matplotlib import pyplot

    ax: Axes = pyplot.subplots(figsize=(width, height), layout="constrained")[1]
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _finite(frame: DataFrame, *columns: str) -> DataFrame:
    """The rows of the first corpus that have finite values in these columns."""
    rows = frame[np.isfinite(frame[list(columns)]).all(axis=1)]
    if rows.empty:
        raise UserError(f"no run here has a finite {' and '.join(columns)}")
    return rows[rows["protocol_id"] == rows["protocol_id"].iloc[0]]


def _families(ax: Axes, families: set[str]) -> None:
    """A legend of the families, if there are several."""
    shown = [family for family in FAMILY_NAMES.values() if family in families]
    if len(shown) > 1:
        for family in shown:
            ax.plot([], [], _marker(family), color=_colour(family), label=family)
        ax.legend(frameon=False, fontsize="small")


def _colour(family: str) -> str:
    return LIGHT[FAMILIES.get(_RECORDED.get(family, family), "muted")]


def _marker(family: str) -> str:
    return MARKERS.get(_RECORDED.get(family, family), "o")
