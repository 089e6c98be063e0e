"""Vanishing gradients: how the gradient of a loss by an earlier state shrinks or grows with the distance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from benchmark import text
from benchmark.inside import Inside, inside_of
from benchmark.report.blocks import Block
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.networks import texts_of, untrained_inside
from benchmark.study.quantities import Quantity, counted, least, most, over_seeds, ratio_over_seeds
from benchmark.study.record import Data

VERSION = 2

#: The distance at which networks are compared, in steps.
DISTANCE = 20
NONLINEARITIES = ("linear", "tanh", "relu")
#: Every so many steps a point is drawn.
DRAWN = 5


def measure(evidence: Evidence) -> Data:
    """Norms of gradients by distance, for Elman networks at spectral radii, and for all kinds."""
    settings = evidence.settings
    corpus = evidence.corpus(evidence.runs[0])
    texts = texts_of(corpus.test, settings["texts"], settings["steps"])
    seeds = range(1, settings["draws"] + 1)
    (rnn, *_), (lstm, *_), (gru, *_) = (evidence.where(model=name) for name in ("rnn", "lstm", "gru"))
    elman: Data = {}
    deviations = []
    for nonlinearity in NONLINEARITIES:
        for radius in settings["radii"]:
            found = []
            for seed in seeds:
                drawn = untrained_inside(evidence, rnn, nonlinearity=nonlinearity, seed=seed)
                inside = with_radius(drawn, radius)
                found.append(norms(inside, texts))
                if nonlinearity != "relu":
                    deviations.append(deviation(inside, texts, nonlinearity))
            elman.setdefault(nonlinearity, {})[f"{radius:g}"] = found
    untrained = {
        "Elman": [norms(untrained_inside(evidence, rnn, seed=seed), texts) for seed in seeds],
        "GRU": [norms(untrained_inside(evidence, gru, seed=seed), texts) for seed in seeds],
    } | {
        f"LSTM, forget bias {bias:g}": [
            norms(untrained_inside(evidence, lstm, forget_bias=bias, seed=seed), texts) for seed in seeds
        ]
        for bias in settings["forget_biases"]
    }
    trained = {
        title: [norms(inside_of(run.model()), texts) for run in evidence.where(model=name)]
        for name, title in (("rnn", "Elman"), ("gru", "GRU"), ("lstm", "LSTM"))
    }
    return {
        "corpus": corpus.title,
        "deviation": max(deviations),
        "elman": elman,
        "untrained": untrained,
        "trained": trained,
    }


def with_radius(inside: Inside, radius: float) -> Inside:
    """The network with its recurrent matrix scaled to a spectral radius, the largest |eigenvalue|."""
    (name,) = inside.recurrent
    matrix = inside.weights[name]
    return inside.with_weights({name: matrix * (radius / np.abs(np.linalg.eigvals(matrix)).max())})


def norms(inside: Inside, texts: np.ndarray) -> list[float]:
    """The norm of the gradient of the last step's loss by the state k steps before the one that it reads.

    By k from 0, as a share of that at k = 0; the root of the mean square over texts. The state of an LSTM is
    h and c together.
    """
    (state,) = inside.state_gradients(texts)
    squares = sum((part**2).sum(2) for part in state.values()).mean(0)
    by_distance = np.sqrt(squares)[::-1]
    return [float(norm) for norm in by_distance / by_distance[0]]


def deviation(inside: Inside, texts: np.ndarray, nonlinearity: str) -> float:
    """How far the gradients are from the formula, as the largest share of their norm.

    The formula (Pascanu et al. 2013, eq. 5): the gradient by the state k steps earlier is the product over
    these steps of Uᵀ diag(f'), applied to the gradient by the state that the last step reads. f' is 1 for a
    linear network, and 1 − h² for tanh. The product is computed in extended precision, where there is one.
    """
    (name,) = inside.recurrent
    matrix = inside.weights[name].astype(np.longdouble)
    (state,), (gradient,) = inside.read(texts).states, inside.state_gradients(texts)
    expected = gradient["h"][:, -1].astype(np.longdouble)
    worst = 0.0
    for place in range(texts.shape[1] - 2, -1, -1):
        slope = 1 - state["h"][:, place + 1] ** 2 if nonlinearity == "tanh" else 1.0
        expected = (expected * slope) @ matrix
        apart, whole = ((each**2).sum(1) for each in (gradient["h"][:, place] - expected, expected))
        worst = max(worst, float(np.sqrt((apart / whole).max())))
    return worst


def rate(found: Sequence[float]) -> float:
    """By what a norm is multiplied at each step: the fitted slope of its logarithm over the second half."""
    steps = np.arange(len(found) // 2, len(found))
    logs = np.log(np.asarray(found)[steps])
    return float(np.exp(np.polyfit(steps, logs, 1)[0]))


def quantities(data: Data) -> dict[str, Quantity]:
    rates = {
        (kind, float(radius)): [rate(found) for found in draws]
        for kind, by_radius in data["elman"].items()
        for radius, draws in by_radius.items()
    }
    linear = [
        over_seeds([r / radius for r in of]) for (kind, radius), of in rates.items() if kind == "linear"
    ]
    largest = max(radius for _, radius in rates)

    def at(kind: str, radius: float) -> Quantity:
        return over_seeds(rates[kind, radius])

    small = [radius for kind, radius in rates if kind == "linear" and radius < 1]
    return {
        "deviation": counted(data["deviation"]),
        "least_linear": least(linear),
        "most_linear": most(linear),
        "most_small": most([at(kind, radius) for kind in ("linear", "tanh") for radius in small]),
        "linear_large": at("linear", largest),
        "tanh_large": at("tanh", largest),
        "trained_lstm_by_elman": _left(data["trained"]["LSTM"], data["trained"]["Elman"]),
        "untrained_lstm_by_elman": _left(
            data["untrained"]["LSTM, forget bias 0"], data["untrained"]["Elman"]
        ),
    }


def _left(ones: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> Quantity:
    """What is left of a gradient after `DISTANCE` steps, as a ratio, seed by seed."""
    return ratio_over_seeds(
        [one[DISTANCE] / other[DISTANCE] for one, other in zip(ones, others, strict=True)]
    )


def show(data: Data) -> list[Block]:
    kinds = ("linear", "tanh")
    radii = list(data["elman"]["linear"])
    shown = [radii[0], *(each for each in radii if float(each) == 1), radii[-1]]
    elman = [
        _curve(f"{kind}, ρ = {radius}", data["elman"][kind][radius]) for kind in kinds for radius in shown
    ]
    axes = Axes("steps back", "gradient norm, powers of ten")
    untrained, trained = (
        [_curve(title, found) for title, found in data[part].items()] for part in ("untrained", "trained")
    )
    return [
        line_figure(
            "vanishing_radius",
            "Elman networks before training, by spectral radius",
            "The norm of the gradient of a loss by the state some steps earlier, as a share of that at 0 "
            "steps: −3 is a thousandth. Elman networks that are not trained read "
            f"{data['corpus']}. ρ is the spectral radius of the recurrent matrix.",
            elman,
            axes,
        ),
        _rates(data, radii),
        line_figure(
            "vanishing_untrained",
            "All kinds before training",
            "The same for other networks with the weights with which training begins.",
            untrained,
            axes,
        ),
        line_figure(
            "vanishing_trained",
            f"All kinds after training on {data['corpus']}",
            "The same after training, a line for each kind over its seeds.",
            trained,
            axes,
        ),
        _kept(data),
    ]


def _curve(title: str, seeds: Sequence[Sequence[float]]) -> Curve:
    return Curve(
        title,
        "neural",
        tuple(
            tuple((float(k), math.log10(found[k])) for k in range(0, len(found), DRAWN)) for found in seeds
        ),
    )


def _rates(data: Data, radii: Sequence[str]) -> Block:
    rows = []
    for radius in radii:
        means = [
            float(np.mean([rate(each) for each in data["elman"][kind][radius]])) for kind in NONLINEARITIES
        ]
        rows.append([radius, *means])
    return plain_table(
        "vanishing_rates",
        "By what the gradient is multiplied at each step back, fitted over the second half of the distances, "
        "beside the spectral radius ρ. Below 1 it vanishes, above 1 it explodes.",
        [("ρ", None), *((kind.capitalize(), text.three_decimals) for kind in NONLINEARITIES)],
        rows,
    )


def _kept(data: Data) -> Block:
    rows = [
        [title, when, float(np.exp(np.mean(np.log([found[DISTANCE] for found in seeds]))))]
        for part, when in (("untrained", "before training"), ("trained", "after training"))
        for title, seeds in data[part].items()
    ]
    return plain_table(
        "vanishing_kept",
        f"What is left of the gradient after {DISTANCE} steps, as a share of its norm at 0 steps: the "
        "geometric mean over seeds.",
        [("Network", None), ("When", None), ("Share left", _power)],
        rows,
    )


def _power(value: float | None) -> str:
    return text.NONE if value is None else f"{value:.1e}"
