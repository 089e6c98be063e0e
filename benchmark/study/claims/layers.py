"""Layers of a tagger: 2 to 4 are best, and 8 need connections around them."""

from __future__ import annotations

from benchmark import text
from benchmark.report.blocks import Block
from benchmark.study.charts import Axes, Curve, line_figure
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.of_items import gain, main_measure, reached, reached_table
from benchmark.study.quantities import Quantity
from benchmark.study.record import Data

VERSION = 1

DEEP = 8
NAMES = {"none": "no connections", "residual": "residual", "dense": "dense"}


def measure(evidence: Evidence) -> Data:
    """What each number of layers reached, without connections and with them."""
    groups: dict[tuple[str, int], list[StudyRun]] = {}
    for run in evidence.runs:
        groups.setdefault((run.setting("model.skip"), run.setting("model.layers")), []).append(run)
    alone = {layers: runs for (skip, layers), runs in groups.items() if skip == "none"}
    key = main_measure(evidence.runs[0]).key
    return {
        "corpus": evidence.runs[0].result.corpus_title,
        "task": evidence.runs[0].result.task,
        "reached": reached({f"{layers}, {NAMES[skip]}": runs for (skip, layers), runs in groups.items()}),
        "curves": {
            skip: [
                [layers, [run.result.test_measures[key] for run in runs]]
                for (kind, layers), runs in groups.items()
                if kind == skip
            ]
            for skip in dict.fromkeys(skip for skip, _ in groups)
        },
        "two_over_one": gain(alone[2], alone[1]),
        "two_over_eight": gain(alone[2], alone[DEEP]),
        "residual_gain": gain(groups["residual", DEEP], alone[DEEP]),
    }


def quantities(data: Data) -> dict[str, Quantity]:
    return {name: Quantity(**data[name]) for name in ("two_over_one", "two_over_eight", "residual_gain")}


def show(data: Data) -> list[Block]:
    curves = [
        Curve(
            text.capitalised(NAMES[skip]),
            "neural",
            tuple(
                tuple((float(layers), values[seed]) for layers, values in points)
                for seed in range(len(points[0][1]))
            ),
        )
        for skip, points in data["curves"].items()
    ]
    figure = line_figure(
        "layers_accuracy",
        f"{data['corpus']}: accuracy by the number of layers",
        "The share of test tokens with the right tag; higher is better. A line is the mean over seeds.",
        curves,
        Axes("layers", "accuracy", log_x=True),
    )
    about = f"Recurrent taggers of {data['corpus']} with layers of one width."
    return [figure, reached_table("layers_reached", about, "Layers", data["task"], data["reached"])]
