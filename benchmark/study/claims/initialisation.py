"""First weights: what zero, small, Xavier's and large ones do to activations, gradients and losses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark import text
from benchmark.inside import Inside, inside_of
from benchmark.report.blocks import Block
from benchmark.study.by_setting import ratio
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.networks import texts_of, untrained_inside
from benchmark.study.quantities import Quantity, counted, over_seeds, ratio_over_seeds
from benchmark.study.record import Data

VERSION = 1

#: First weights by their title, as settings of the recipe.
KINDS: dict[str, dict[str, object]] = {
    "Small, ±0.01": {"training__initialisation": "uniform", "training__init_range": 0.01},
    "Xavier": {"training__initialisation": "xavier"},
    "Large, ±1": {"training__initialisation": "uniform", "training__init_range": 1.0},
}


def measure(evidence: Evidence) -> Data:
    """Activations and gradients by layer, ranks after training, and losses with both output biases."""
    settings = evidence.settings
    zero, *_ = evidence.where(model="rnn", model__training__initialisation="zero")
    drawn = evidence.where(model="rnn", model__training__initialisation="xavier")
    corpus = evidence.corpus(zero)
    texts = texts_of(corpus.test, settings["texts"], settings["steps"])
    unigram, *_ = evidence.where(model="unigram")
    unigram_loss = -float(unigram.log_probs()[: texts.size].mean())
    biased, unbiased = (
        [run for run in drawn if run.setting("model.training.output_bias") == bias]
        for bias in ("unigram", "zero")
    )

    def first_loss(bias: str, seed: int) -> float:
        inside = untrained_inside(evidence, biased[0], training__output_bias=bias, seed=seed)
        return float(inside.read(texts).losses.mean())

    seeds = [run.setting("seed") for run in biased]
    return {
        "corpus": corpus.title,
        "layers": {
            title: [
                scales(untrained_inside(evidence, biased[0], **changed, seed=seed), texts) for seed in seeds
            ]
            for title, changed in KINDS.items()
        },
        "ranks": {
            "zero": ranks(inside_of(zero.model()), texts),
            "Xavier": ranks(inside_of(biased[0].model()), texts),
        },
        "unigram": unigram_loss,
        "first": {bias: [first_loss(bias, seed) for seed in seeds] for bias in ("unigram", "zero")},
        "trained": ratio(biased, unbiased),
    }


def scales(inside: Inside, texts: np.ndarray) -> dict[str, list[float]]:
    """The standard deviation of each layer's outputs, and the root mean square of the gradient by them."""
    outputs, gradients = inside.read(texts).outputs, inside.gradients(texts).outputs
    return {
        "activations": [float(each.std()) for each in outputs],
        "gradients": [float(np.sqrt((each**2).mean())) for each in gradients],
    }


def ranks(inside: Inside, texts: np.ndarray) -> list[int]:
    """The rank of each layer's outputs, as a matrix [positions, units]."""
    return [
        int(np.linalg.matrix_rank(each.reshape(-1, each.shape[-1]))) for each in inside.read(texts).outputs
    ]


def quantities(data: Data) -> dict[str, Quantity]:
    def kept(title: str, of: str, *, down: bool = False) -> Quantity:
        ends = (0, -1) if down else (-1, 0)
        return ratio_over_seeds([seed[of][ends[0]] / seed[of][ends[1]] for seed in data["layers"][title]])

    excess = [loss - data["unigram"] for loss in data["first"]["unigram"]]
    saved = [z - u for z, u in zip(data["first"]["zero"], data["first"]["unigram"], strict=True)]
    return {
        "zero_rank": counted(max(data["ranks"]["zero"])),
        "xavier_rank": counted(min(data["ranks"]["Xavier"])),
        "xavier_activations": kept("Xavier", "activations"),
        "xavier_gradients": kept("Xavier", "gradients", down=True),
        "small_activations": kept("Small, ±0.01", "activations"),
        "excess": over_seeds(excess),
        "saved": over_seeds(saved),
        "trained": Quantity(**data["trained"]),
    }


def show(data: Data) -> list[Block]:
    return [
        _figure(data, "activations", "Activations", "The standard deviation of the outputs of each layer"),
        _figure(data, "gradients", "Gradients", "The root mean square of the gradient by them"),
        plain_table(
            "initialisation_ranks",
            "The rank of each layer's outputs after training: 1 where all units compute the same, 0 where "
            "they compute nothing.",
            [("First weights", None), ("Rank by layer, the lowest first", None)],
            [[title, text.listed([str(rank) for rank in ranks])] for title, ranks in data["ranks"].items()],
        ),
        plain_table(
            "initialisation_losses",
            f"The first loss, before any step, in nats a token: the mean over seeds. A unigram model has "
            f"{text.three_decimals(data['unigram'])} on the same words.",
            [("Output bias", None), ("First loss", text.three_decimals)],
            [
                ["the logarithm of the unigram distribution", float(np.mean(data["first"]["unigram"]))],
                ["zero", float(np.mean(data["first"]["zero"]))],
            ],
        ),
    ]


def _figure(data: Data, of: str, title: str, says: str) -> Block:
    return line_figure(
        f"initialisation_{of}",
        f"{title} by layer before training",
        f"{says}, of Elman networks on {data['corpus']} with first weights of three sizes, by powers of ten.",
        [Curve(name, "neural", _points(seeds, of)) for name, seeds in data["layers"].items()],
        Axes("layer", f"{of}, powers of ten"),
    )


def _points(
    seeds: Sequence[Mapping[str, Sequence[float]]], of: str
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The common logarithm by layer, for each seed; values of 0 have none."""
    return tuple(
        tuple((float(n), math.log10(value)) for n, value in enumerate(seed[of], start=1) if value > 0)
        for seed in seeds
    )
