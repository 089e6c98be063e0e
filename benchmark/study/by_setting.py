"""Runs that differ in one setting and in seeds: what each value of the setting reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from benchmark.report.blocks import Figure
from benchmark.study.charts import OVER_SEEDS, Axes, Curve, line_figure
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.quantities import perplexity_ratio

#: What a value of a setting reached, as `reached` gives it.
Reached = dict[str, Any]


def reached(evidence: Evidence, key: str, runs: Sequence[StudyRun]) -> list[Reached]:
    """For each value of a setting (a dotted key), in order: `value`, `parameters`, and over its seeds
    `perplexities`, `valid_perplexities` and `tokens_per_second`, the speed of training.

    A training that diverged has an infinite perplexity.
    """
    return [
        {
            "value": value,
            "parameters": seeds[0].result.parameters,
            "perplexities": [_or_infinite(run, run.result.test_perplexity) for run in seeds],
            "valid_perplexities": [_or_infinite(run, run.result.valid_perplexity) for run in seeds],
            "tokens_per_second": [run.result.train_tokens_per_second or 0.0 for run in seeds],
        }
        for value, seeds in sorted(evidence.by(key, runs).items(), key=lambda pair: pair[0])
    ]


def _or_infinite(run: StudyRun, perplexity: float | None) -> float:
    return math.inf if not run.ok or perplexity is None else perplexity


def lowest(values: Sequence[Reached]) -> Reached:
    """The one whose mean validation perplexity is lowest."""
    return min(values, key=lambda each: fmean(each["valid_perplexities"]))


def ratio(runs: Sequence[StudyRun], others: Sequence[StudyRun]) -> dict[str, Any]:
    """`perplexity_ratio` of two settings, each over its seeds, as plain data; `Quantity(**…)` reads it."""
    return vars(perplexity_ratio(runs, others))


def curve_of(name: str, values: Sequence[Reached], family: str = "neural") -> Curve:
    """A line of test perplexity by the setting, each seed a repeat."""
    seeds = max(len(each["perplexities"]) for each in values)
    repeats = tuple(
        tuple(
            (float(each["value"]), each["perplexities"][seed])
            for each in values
            if seed < len(each["perplexities"])
        )
        for seed in range(seeds)
    )
    return Curve(name, family, repeats)


def perplexity_figure(
    name: str, title: str, about: str, curves: Sequence[Curve], setting: str, *, log_x: bool = True
) -> Figure:
    """Test perplexity by a setting. `about` begins the caption."""
    caption = f"{about} Test perplexity; lower is better."
    if any(len(curve.repeats) > 1 for curve in curves):
        caption += f" {OVER_SEEDS}"
    return line_figure(
        name, title, caption, curves, Axes(setting, "test perplexity", log_x=log_x, log_y=True)
    )
