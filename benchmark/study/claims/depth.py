"""Depth: what more recurrent layers bring, alone and with connections around them."""

from __future__ import annotations

import numpy as np

from benchmark import text
from benchmark.report.blocks import Block
from benchmark.study.by_setting import ratio
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.networks import texts_of, untrained_inside
from benchmark.study.quantities import Quantity, ratio_over_seeds
from benchmark.study.record import Data

VERSION = 1

#: The number of layers at which connections are compared.
DEEP = 8
SKIPS = {"none": "no connections", "residual": "residual", "dense": "dense", "highway": "highway"}


def measure(evidence: Evidence) -> Data:
    """Perplexities by layers and connection, their ratios, and gradients by layer before training."""
    texts = texts_of(
        evidence.corpus(evidence.runs[0]).test, evidence.settings["texts"], evidence.settings["steps"]
    )
    runs: dict[tuple[str, int], list[StudyRun]] = {}
    for run in evidence.runs:
        runs.setdefault((run.setting("model.skip"), run.setting("model.layers")), []).append(run)

    def by(one: tuple[str, int], other: tuple[str, int]) -> Data:
        return ratio(runs[one], runs[other])

    connected = [skip for skip, layers in runs if layers == DEEP and skip != "none"]
    return {
        "corpus": evidence.corpus(evidence.runs[0]).title,
        "perplexities": [
            {"skip": skip, "layers": layers, "test": [run.result.test_perplexity for run in of]}
            for (skip, layers), of in runs.items()
        ],
        "two_by_one": by(("none", 2), ("none", 1)),
        "four_by_one": by(("none", 4), ("none", 1)),
        "deep_by_four": by(("none", DEEP), ("none", 4)),
        "connected": {skip: by((skip, DEEP), ("none", DEEP)) for skip in connected},
        "gradients": {
            skip: [gradient_by_layer(evidence, run, texts) for run in runs[skip, DEEP]]
            for skip in ("none", *connected)
        },
    }


def gradient_by_layer(evidence: Evidence, run: StudyRun, texts: np.ndarray) -> list[float]:
    """The norm of the mean loss's gradient by each layer's outputs, before training, the lowest first."""
    found = untrained_inside(evidence, run).gradients(texts)
    return [float(np.linalg.norm(outputs)) for outputs in found.outputs]


def quantities(data: Data) -> dict[str, Quantity]:
    return {
        **{name: Quantity(**data[name]) for name in ("two_by_one", "four_by_one", "deep_by_four")},
        **{f"{skip}_by_none": Quantity(**by) for skip, by in data["connected"].items()},
        **{
            f"gradient_{skip}": ratio_over_seeds([layers[0] / layers[-1] for layers in seeds])
            for skip, seeds in data["gradients"].items()
        },
    }


def show(data: Data) -> list[Block]:
    curves = []
    for skip, title in SKIPS.items():
        of = [each for each in data["perplexities"] if each["skip"] == skip]
        if of:
            seeds = zip(*(each["test"] for each in of), strict=True)
            layers = [float(each["layers"]) for each in of]
            points = tuple(tuple(zip(layers, seed, strict=True)) for seed in seeds)
            curves.append(Curve(text.capitalised(title), "neural", points))
    perplexity = line_figure(
        "depth_perplexity",
        "Perplexity by the number of layers",
        f"Test perplexity by character of Elman networks on {data['corpus']}; lower is better. A line is the "
        "mean over seeds.",
        curves,
        Axes("layers", "test perplexity", log_x=True),
    )
    gradients = line_figure(
        "depth_gradients",
        f"{DEEP} layers before training: the gradient by layer",
        "The norm of the gradient of the loss by the outputs of each layer, the lowest layer being 1.",
        [
            Curve(
                text.capitalised(SKIPS[skip]),
                "neural",
                tuple(tuple((float(n), norm) for n, norm in enumerate(seed, start=1)) for seed in seeds),
            )
            for skip, seeds in data["gradients"].items()
        ],
        Axes("layer", "gradient norm", log_y=True),
    )
    table = plain_table(
        "depth_layers",
        "Test perplexity, the mean over seeds and its standard deviation.",
        [
            ("Connections", None),
            ("Layers", text.amount),
            ("Test perplexity", text.perplexity),
            ("Standard deviation", lambda value: text.significant(value, 2)),
        ],
        [
            [
                SKIPS[each["skip"]],
                each["layers"],
                float(np.mean(each["test"])),
                float(np.std(each["test"], ddof=1)) if len(each["test"]) > 1 else None,
            ]
            for each in data["perplexities"]
        ],
    )
    return [perplexity, table, gradients]
