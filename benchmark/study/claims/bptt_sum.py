"""Back-propagation through time: the gradient by a repeated weight is the sum over its appearances."""

from __future__ import annotations

import numpy as np

from benchmark import text
from benchmark.inside import Inside, inside_of
from benchmark.report.blocks import Block
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.networks import texts_of
from benchmark.study.quantities import Quantity, counted, least, most
from benchmark.study.record import Data

VERSION = 1

KINDS = {"rnn": "Elman", "gru": "GRU", "lstm": "LSTM"}
#: How far weights are moved for a difference of losses, as a norm.
MOVE = 1e-4


def measure(evidence: Evidence) -> Data:
    """For each kind of network, its repeated weights: the sum of gradients by step against the gradient."""
    corpus = evidence.corpus(evidence.runs[0])
    texts = texts_of(corpus.test, evidence.settings["texts"], evidence.settings["steps"])
    return {
        "corpus": corpus.title,
        "steps": texts.shape[1],
        "kinds": {
            title: compared(inside_of(evidence.where(model=name)[0].model()), texts)
            for name, title in KINDS.items()
        },
    }


def compared(inside: Inside, texts: np.ndarray) -> dict[str, Data]:
    """By weight, of those that every step uses except the embeddings:

    `sum_error`: |Σ gₜ − g| / |g| for the gradient g and the gradients gₜ of each appearance;
    `slope_error`: how far the slope of the loss along g, by a central difference, is from that of Σ gₜ;
    `nearest`: the least |gₜ − g| / |g| over t; `shares`: |gₜ| / |g| by t.
    """
    whole = inside.gradients(texts).weights
    names = [name for name in whole if not name.startswith(("embedding.", "output."))]
    weights = inside.weights
    found = {}
    for name, by_step in inside.gradients_by_step(texts, names).items():
        size = float(np.linalg.norm(whole[name]))
        way = whole[name] / size
        ahead, behind = (
            inside.with_weights({name: weights[name] + move * way}).read(texts).losses.mean()
            for move in (MOVE, -MOVE)
        )
        total = by_step.sum(0)
        slope, along = (ahead - behind) / (2 * MOVE), float((total * way).sum())
        found[name] = {
            "sum_error": float(np.linalg.norm(total - whole[name])) / size,
            "slope_error": abs(slope - along) / size,
            "nearest": min(float(np.linalg.norm(each - whole[name])) for each in by_step) / size,
            "shares": [float(np.linalg.norm(each)) / size for each in by_step],
        }
    return found


def quantities(data: Data) -> dict[str, Quantity]:
    every = [each for weights in data["kinds"].values() for each in weights.values()]
    return {
        "sum_error": most([counted(each["sum_error"]) for each in every]),
        "slope_error": most([counted(each["slope_error"]) for each in every]),
        "nearest": least([counted(each["nearest"]) for each in every]),
    }


def show(data: Data) -> list[Block]:
    curves = [
        Curve.of(title, "neural", list(enumerate(_recurrent(weights)["shares"], start=1)))
        for title, weights in data["kinds"].items()
    ]
    figure = line_figure(
        "bptt_sum_shares",
        "The recurrent matrix: the gradient of each appearance",
        f"The norm of the gradient by the recurrent matrix in each of {data['steps']} steps, as a share of "
        "the norm of the whole gradient. The vectors add up to the gradient; their norms do not.",
        curves,
        Axes("step", "norm, share of the whole gradient's"),
    )
    table = plain_table(
        "bptt_sum_weights",
        f"Networks trained on {data['corpus']}, in float64. The errors are shares of the gradient's norm.",
        [
            ("Network", None),
            ("Weight", None),
            ("Error of the sum", _power),
            ("Error of the slope", _power),
            ("Nearest single appearance", text.percent),
        ],
        [
            [title, name, each["sum_error"], each["slope_error"], each["nearest"]]
            for title, weights in data["kinds"].items()
            for name, each in weights.items()
        ],
    )
    return [figure, table]


def _recurrent(weights: dict[str, Data]) -> Data:
    return next(each for name, each in weights.items() if name.endswith("weight_hh"))


def _power(value: float | None) -> str:
    return text.NONE if value is None else f"{value:.0e}"
