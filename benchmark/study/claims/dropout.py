"""Dropout: what rates of it do to losses, the mean over masks, and how units depend on one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import numpy as np

from benchmark import text
from benchmark.inside import Inside, inside_of
from benchmark.measure.perplexity import exp
from benchmark.report.blocks import Block
from benchmark.study.by_setting import ratio
from benchmark.study.charts import OVER_SEEDS, Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.networks import texts_of, untrained_inside
from benchmark.study.quantities import Quantity, over_seeds, ratio_over_seeds
from benchmark.study.record import Data

VERSION = 1

#: Rates at the input and inside the network.
Rates = tuple[float, float]
NONE, ADVISED = (0.0, 0.0), (0.15, 0.5)
SILENCED = 0.5


def measure(evidence: Evidence) -> Data:
    """Losses and how units depend on one another by rates, ratios of perplexities, and means over masks."""
    settings = evidence.settings
    texts = texts_of(evidence.corpus(evidence.runs[0]).test, settings["texts"], settings["steps"])
    stopped, runs = _by_rates(evidence)
    advised = runs[ADVISED]
    return {
        "corpus": evidence.corpus(evidence.runs[0]).title,
        "rates": [
            {"input": at_input, "inside": inside, **_measured(evidence, of, texts)}
            for (at_input, inside), of in runs.items()
        ],
        "stopped": [run.result.test_perplexity for run in stopped],
        "ratios": {
            "advised_by_none": ratio(advised, runs[NONE]),
            "advised_by_stopped": ratio(advised, stopped),
            "half_by_none_inside": ratio(advised, runs[0.15, 0.0]),
            "half_by_more_inside": ratio(advised, runs[0.15, 0.8]),
            "little_by_half_input": ratio(advised, runs[0.5, 0.5]),
        },
        "masks": [_averaged(inside_of(run.model()), texts, settings["masks"]) for run in advised],
    }


def _by_rates(evidence: Evidence) -> tuple[list[StudyRun], dict[Rates, list[StudyRun]]]:
    """Those without dropout that keep the best epoch's weights, and those trained to the end by rates."""
    groups = evidence.by("model.training.validate_every")
    stopped = groups.pop(None)
    (ended,) = groups.values()
    runs: dict[Rates, list[StudyRun]] = {}
    for run in ended:
        inside, at_input = (run.setting(f"model.{key}") for key in ("dropout", "input_dropout"))
        runs.setdefault((float(inside if at_input is None else at_input), float(inside)), []).append(run)
    return stopped, runs


def _measured(evidence: Evidence, runs: Sequence[StudyRun], texts: np.ndarray) -> dict[str, list[float]]:
    """For each seed: losses without dropout, in nats a word, and how units depend on one another."""
    measures = ("train", "valid", "test", "correlation", "silenced")
    found: dict[str, list[float]] = {name: [] for name in measures}
    for run in runs:
        result, model = run.result, run.model()
        inside = inside_of(model)
        halved = untrained_inside(evidence, run, input_dropout=0.0, dropout=SILENCED)
        losses = masked_losses(halved.with_weights(inside.weights), texts, evidence.settings["silencings"])
        train = model.log_probs(evidence.corpus(run).train)
        found["train"].append(-float(train.mean(dtype=np.float64)))
        found["valid"].append(math.log(result.valid_perplexity or math.inf))
        found["test"].append(math.log(result.test_perplexity or math.inf))
        found["correlation"].append(correlation(inside.read(texts).outputs[-1]))
        found["silenced"].append(float(losses.mean() - inside.read(texts).losses.mean()))
    return found


def correlation(outputs: np.ndarray) -> float:
    """The mean |Pearson's r| over pairs of units, of outputs [rows, time, units].

    A unit that is always the same correlates with none.
    """
    flat = outputs.reshape(-1, outputs.shape[-1])
    apart = flat - flat.mean(0)
    norms = np.linalg.norm(apart, axis=0)
    scaled = apart / np.where(norms > 0, norms, 1)
    matrix = np.abs(scaled.T @ scaled)
    return float(matrix[np.triu_indices(len(matrix), 1)].mean())


def masked_losses(inside: Inside, texts: np.ndarray, masks: int) -> np.ndarray:
    """Losses [masks, targets] with dropout as in training, every time with other masks."""
    return np.stack([inside.losses_with_dropout(texts, seed).ravel() for seed in range(masks)])


def _averaged(inside: Inside, texts: np.ndarray, masks: int) -> Data:
    """Perplexities of the whole network, of one under a mask, and of means of distributions over masks."""
    losses = masked_losses(inside, texts, masks)
    numbers = [2**power for power in range(int(math.log2(masks)) + 1)]
    return {
        "whole": exp(inside.read(texts).losses.mean()),
        "one": exp(losses.mean()),
        "means": [(number, mean_perplexity(losses[:number])) for number in numbers],
    }


def mean_perplexity(losses: np.ndarray) -> float:
    """The perplexity of the mean of distributions whose losses are [distributions, targets]."""
    return exp(-np.log(np.exp(-losses).mean(0)).mean())


def quantities(data: Data) -> dict[str, Quantity]:
    rates = {(each["input"], each["inside"]): each for each in data["rates"]}
    none, advised = rates[NONE], rates[ADVISED]

    def pairs(key: str) -> list[tuple[float, float]]:
        return list(zip(advised[key], none[key], strict=True))

    gaps = [
        [valid - train for valid, train in zip(each["valid"], each["train"], strict=True)]
        for each in (advised, none)
    ]
    return {
        **{name: Quantity(**each) for name, each in data["ratios"].items()},
        "gap": ratio_over_seeds([ours / theirs for ours, theirs in zip(*gaps, strict=True)]),
        "masked_by_whole": ratio_over_seeds([seed["one"] / seed["whole"] for seed in data["masks"]]),
        "whole_by_mean": ratio_over_seeds([seed["whole"] / seed["means"][-1][1] for seed in data["masks"]]),
        "correlation": ratio_over_seeds([ours / theirs for ours, theirs in pairs("correlation")]),
        "silencing": over_seeds([ours - theirs for ours, theirs in pairs("silenced")]),
    }


def show(data: Data) -> list[Block]:
    rates = sorted(data["rates"], key=lambda each: (each["input"], each["inside"]))
    return [_by_rate(data), _by_masks(data), _table(data, rates)]


def _by_rate(data: Data) -> Block:
    at_input = ADVISED[0]
    rates = [each for each in data["rates"] if each["input"] == at_input]
    curves = []
    for key, title in (("train", "Training text"), ("valid", "Validation text")):
        seeds = zip(*(each[key] for each in rates), strict=True)
        points = ([(each["inside"], loss) for each, loss in zip(rates, seed, strict=True)] for seed in seeds)
        curves.append(Curve(title, "neural", tuple(tuple(each) for each in points)))
    return line_figure(
        "dropout_losses",
        f"{data['corpus']}: loss by dropout inside",
        f"LSTMs trained to the end, with dropout of {at_input:g} at the input. Losses are those of the whole "
        f"network, with nothing dropped. {OVER_SEEDS}",
        curves,
        Axes("dropout inside", "nats a word"),
    )


def _by_masks(data: Data) -> Block:
    means = tuple(tuple((float(n), value) for n, value in seed["means"]) for seed in data["masks"])
    whole = tuple(
        tuple((n, seed["whole"]) for n, _ in of) for of, seed in zip(means, data["masks"], strict=True)
    )
    return line_figure(
        "dropout_masks",
        f"{data['corpus']}: the whole network and the mean over masks",
        "Perplexity of the mean of the distributions under a number of masks, with dropout of "
        f"{ADVISED[1]:g} inside and {ADVISED[0]:g} at the input. Nothing is dropped from the whole network. "
        f"{OVER_SEEDS}",
        [Curve("Mean over masks", "neural", means), Curve("Whole network", "neural", whole)],
        Axes("masks", "test perplexity", log_x=True),
    )


def _table(data: Data, rates: Sequence[Data]) -> Block:
    rows: list[list[object]] = [
        [
            f"{each['inside']:g}",
            f"{each['input']:g}",
            *(exp(fmean(each[key])) for key in ("train", "valid", "test")),
            fmean(each["correlation"]),
            fmean(each["silenced"]),
        ]
        for each in rates
    ]
    stopped = ["0, best epoch", "0", None, None, fmean(data["stopped"]), None, None]
    return plain_table(
        "dropout_rates",
        "Means over seeds. Correlation: of two units of the last layer, in absolute value. Silenced: what "
        f"the loss rises (nats a word) if a share of {SILENCED:g} of the units is dropped.",
        [
            ("Dropout inside", None),
            ("At the input", None),
            ("Training perplexity", text.perplexity),
            ("Validation perplexity", text.perplexity),
            ("Test perplexity", text.perplexity),
            ("Correlation", text.three_decimals),
            ("Silenced", text.three_decimals),
        ],
        [*rows, stopped],
    )
