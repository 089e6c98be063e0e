"""Regularisation: losses by the coefficient of an L2 penalty, and by the width of networks without one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

import numpy as np

from benchmark import text
from benchmark.measure.perplexity import exp
from benchmark.record.curve import read_curve
from benchmark.report.blocks import Block
from benchmark.study.by_setting import lowest, ratio, reached
from benchmark.study.charts import OVER_SEEDS, Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.quantities import Quantity, least, most, over_seeds, ratio_over_seeds
from benchmark.study.record import Data

VERSION = 1

L2, WIDTH = "model.training.l2", "model.hidden_size"


def measure(evidence: Evidence) -> Data:
    """Losses by L2 at the end of training, losses by epoch for each width, and ratios of perplexities."""
    groups = evidence.by("model.training.validate_every")
    every_epoch = groups.pop(None)
    (ended,) = groups.values()
    penalties, widths = evidence.by(L2, ended), evidence.by(WIDTH, every_epoch)
    found = reached(evidence, L2, ended)
    best = lowest([each for each in found if each["value"] > 0])["value"]
    return {
        "corpus": evidence.corpus(ended[0]).title,
        "penalties": [{**each, "train": _train_losses(evidence, penalties[each["value"]])} for each in found],
        "best": best,
        "best_by_none": ratio(penalties[best], penalties[0]),
        "widths": [
            {**each, "curves": [_curve(evidence, run) for run in widths[each["value"]]]}
            for each in reached(evidence, WIDTH, every_epoch)
        ],
        "wide_by_narrow": ratio(widths[max(widths)], widths[min(widths)]),
    }


def _train_losses(evidence: Evidence, runs: Sequence[StudyRun]) -> list[float]:
    """Of the trained networks, in nats a word."""
    train = evidence.corpus(runs[0]).train
    return [-float(run.model().log_probs(train).mean(dtype=np.float64)) for run in runs]


def _curve(evidence: Evidence, run: StudyRun) -> Data:
    """Losses in nats a word by epoch: the mean in training, and that of validation after it."""
    tokens, rows = len(evidence.corpus(run).train), read_curve(run.folder)
    validated = ("valid_perplexity", "valid_head_perplexity")
    return {
        "train": epoch_means(rows, tokens),
        "valid": [
            (row["tokens"] / tokens, math.log(row[key])) for row in rows for key in validated if key in row
        ],
    }


def epoch_means(rows: Sequence[Mapping[str, float]], tokens: int) -> list[tuple[float, float]]:
    """The mean training loss of each epoch of so many tokens, from the rows of a curve.

    A row has that of the tokens since the row before it; none goes beyond the end of an epoch.
    """
    sums: dict[int, float] = {}
    before = 0.0
    for row in rows:
        if "train_loss" in row:
            epoch = math.ceil(row["tokens"] / tokens)
            sums[epoch] = sums.get(epoch, 0.0) + row["train_loss"] * (row["tokens"] - before)
            before = row["tokens"]
    return [(float(epoch), total / tokens) for epoch, total in sums.items()]


def quantities(data: Data) -> dict[str, Quantity]:
    penalties = {each["value"]: each for each in data["penalties"]}
    none, best, largest = penalties[0], penalties[data["best"]], penalties[max(penalties)]
    widths = [[_ends(curve) for curve in width["curves"]] for width in data["widths"]]
    narrowest, *_, widest = widths
    gaps = zip(_gaps(best), _gaps(none), strict=True)
    return {
        "best_by_none": Quantity(**data["best_by_none"]),
        "gap_by_none": ratio_over_seeds([ours / theirs for ours, theirs in gaps]),
        "train_rise": over_seeds([a - b for a, b in zip(largest["train"], none["train"], strict=True)]),
        "overfitting": least([over_seeds([seed["valid"] - seed["best"] for seed in of]) for of in widths]),
        "train_steps": most([_rise(wider, narrower, "train") for narrower, wider in pairwise(widths)]),
        "gap_wide": _rise(widest, narrowest, "gap"),
        "wide_by_narrow": Quantity(**data["wide_by_narrow"]),
        "valid_wide": _rise(widest, narrowest, "valid"),
    }


def _gaps(penalty: Mapping[str, Any]) -> list[float]:
    """Validation less training loss, for each seed."""
    pairs = zip(penalty["valid_perplexities"], penalty["train"], strict=True)
    return [math.log(valid) - train for valid, train in pairs]


def _ends(curve: Data) -> dict[str, float]:
    """What a training came to: its last losses, the gap between them, and the best validation loss."""
    train, valid = curve["train"][-1][1], curve["valid"][-1][1]
    best = min(loss for _, loss in curve["valid"])
    return {"train": train, "valid": valid, "gap": valid - train, "best": best}


def _rise(ours: Sequence[Mapping[str, float]], theirs: Sequence[Mapping[str, float]], key: str) -> Quantity:
    return over_seeds([one[key] - other[key] for one, other in zip(ours, theirs, strict=True)])


def show(data: Data) -> list[Block]:
    return [_penalties_figure(data), _penalties_table(data), _widths_figure(data), _widths_table(data)]


def _penalties_figure(data: Data) -> Block:
    without, *penalties = data["penalties"]
    curves = []
    for title, losses in (("Training", _of_training), ("Validation", _of_validation)):
        by_seed = zip(*(losses(each) for each in penalties), strict=True)
        values = [each["value"] for each in penalties]
        points = tuple(tuple(zip(values, seed, strict=True)) for seed in by_seed)
        level = tuple(tuple((value, loss) for value in values) for loss in losses(without))
        curves += [Curve(title, "neural", points), Curve(f"{title}, no L2", "neural", level)]
    return line_figure(
        "regularisation_l2",
        f"{data['corpus']}: loss by L2",
        f"Losses of LSTMs at the end of training, by the coefficient of the L2 penalty. {OVER_SEEDS}",
        curves,
        Axes("coefficient of L2", "nats a word", log_x=True),
    )


def _of_training(penalty: Mapping[str, Any]) -> list[float]:
    losses: list[float] = penalty["train"]
    return losses


def _of_validation(penalty: Mapping[str, Any]) -> list[float]:
    return [math.log(perplexity) for perplexity in penalty["valid_perplexities"]]


def _penalties_table(data: Data) -> Block:
    return plain_table(
        "regularisation_penalties",
        "Perplexities at the end of training, means over seeds. By validation, the best L2 is "
        f"{data['best']:g}.",
        [
            ("L2", None),
            ("Training perplexity", text.perplexity),
            ("Validation perplexity", text.perplexity),
            ("Test perplexity", text.perplexity),
        ],
        [
            [
                f"{each['value']:g}",
                exp(fmean(each["train"])),
                fmean(each["valid_perplexities"]),
                fmean(each["perplexities"]),
            ]
            for each in data["penalties"]
        ],
    )


def _widths_figure(data: Data) -> Block:
    narrowest, *_, widest = data["widths"]
    curves = [
        Curve(
            f"{title}, {width['value']} units",
            "neural",
            tuple(tuple(map(tuple, curve[key])) for curve in width["curves"]),
        )
        for width in (narrowest, widest)
        for key, title in (("train", "Training"), ("valid", "Validation"))
    ]
    return line_figure(
        "regularisation_epochs",
        f"{data['corpus']}: loss by epoch",
        f"Losses of the narrowest and the widest LSTM, without L2. {OVER_SEEDS}",
        curves,
        Axes("epoch", "nats a word"),
    )


def _widths_table(data: Data) -> Block:
    rows = []
    for width in data["widths"]:
        ends = [_ends(curve) for curve in width["curves"]]
        train, valid = (exp(fmean(seed[key] for seed in ends)) for key in ("train", "valid"))
        rows.append([str(width["value"]), width["parameters"], train, valid, fmean(width["perplexities"])])
    return plain_table(
        "regularisation_widths",
        "LSTMs without L2, means over seeds: perplexities in the last epoch of training, in the validation "
        "after it, which at the quick scale reads only the first words of its text, and on the test text "
        "with the weights of the best epoch.",
        [
            ("Units", None),
            ("Parameters", text.amount),
            ("Training, end", text.perplexity),
            ("Validation, end", text.perplexity),
            ("Test, best epoch", text.perplexity),
        ],
        rows,
    )
