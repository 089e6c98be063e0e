"""A conditional language model: attention against a single vector, by the length of the input."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np

from benchmark.report.blocks import Block
from benchmark.study.charts import Axes, Curve, line_figure
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.of_items import gain, item_losses, main_measure, reached, reached_table
from benchmark.study.quantities import Quantity
from benchmark.study.record import Data
from benchmark.task.answers_file import read_answers

VERSION = 1

KEY = "model.attention"
#: Words of at most and of at least so many letters are short and long ones.
SHORT, LONG = 5, 10
#: Longer words are counted with those of this length.
LONGEST = 13


def measure(evidence: Evidence) -> Data:
    """What both reached, the gain of attention, and errors by the length of the word."""
    by_attention = evidence.by(KEY)
    vector = by_attention.pop("none")
    (attention,) = by_attention.values()
    of_vector = read_answers(vector[0].folder, vector[0].result)
    lengths = np.array([len(item.input) for item in of_vector])
    return {
        "corpus": vector[0].result.corpus_title,
        "reached": reached({"A single vector": vector, "Attention": attention}),
        "gain": gain(attention, vector),
        "short_gain": gain(attention, vector, where=lengths <= SHORT),
        "long_gain": gain(attention, vector, where=lengths >= LONG),
        "by_length": {
            name: [_by_length(run, lengths) for run in runs]
            for name, runs in (("A single vector", vector), ("Attention", attention))
        },
        "long_vector_error": _error(vector, lengths >= LONG),
        "short_vector_error": _error(vector, lengths <= SHORT),
    }


def _by_length(run: StudyRun, lengths: np.ndarray) -> list[list[float]]:
    """[letters, error] for each length of word, of one seed."""
    losses = item_losses(run, main_measure(run).key)
    capped = np.minimum(lengths, LONGEST)
    found = []
    for length in np.unique(capped).tolist():
        wrong, counted = losses[:, capped == length].sum(axis=1).tolist()
        found.append([length, wrong / counted])
    return found


def _error(runs: Sequence[StudyRun], where: np.ndarray) -> float:
    key = main_measure(runs[0]).key
    of_seeds = [item_losses(run, key)[:, where].sum(axis=1) for run in runs]
    return fmean(float(wrong / counted) for wrong, counted in of_seeds)


def quantities(data: Data) -> dict[str, Quantity]:
    short, long = Quantity(**data["short_gain"]), Quantity(**data["long_gain"])
    return {
        "gain": Quantity(**data["gain"]),
        "long_gain": long,
        # the far ends together: no narrower than the interval of the difference
        "long_over_short": Quantity(
            long.value - short.value, long.low - short.high, long.high - short.low, long.basis
        ),
    }


def show(data: Data) -> list[Block]:
    figure = line_figure(
        "conditional_length",
        "Phoneme error by the letters of the word",
        f"Test words of {data['corpus']}; the last point is of {LONGEST} letters and more. Lower is better. "
        f"A line is "
        "the mean over seeds.",
        [
            Curve(name, "neural", tuple(tuple((float(x), y) for x, y in seed) for seed in seeds))
            for name, seeds in data["by_length"].items()
        ],
        Axes("letters", "phoneme error"),
    )
    about = f"Encoder-decoder LSTMs speak the words of {data['corpus']}."
    return [
        figure,
        reached_table("conditional_reached", about, "The decoder sees", "transduction", data["reached"]),
    ]
