"""The size of the training text: from how much of it on a network is ahead of an n-gram model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import numpy as np

from benchmark import text
from benchmark.measure.perplexity import exp
from benchmark.record.folder import RunRecord
from benchmark.report.blocks import Block, Paragraph
from benchmark.report.crossing_intervals import TracedCurve, crossing_interval
from benchmark.report.curve_crossings import compare_curves
from benchmark.report.uncertainty import Uncertainty
from benchmark.statistics import LEVEL
from benchmark.statistics.bootstrap import bootstrap
from benchmark.study.by_setting import ratio
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.quantities import Quantity, over_seeds
from benchmark.study.record import Data

VERSION = 1

Points = Sequence[tuple[float, float]]


def measure(evidence: Evidence) -> Data:
    """The perplexities by training words, their ratios, and where the curves cross."""
    counted = _by_text(evidence.where(model="kneser_ney"))
    network = _by_text(evidence.where(model="lstm"))
    first, last = min(counted), max(counted)
    return {
        "corpus": evidence.corpus(evidence.runs[0]).title,
        "labels": [evidence.where(model=name)[0].result.label for name in ("kneser_ney", "lstm")],
        "words": sorted(counted),
        "counted": [_perplexities(counted[words])[0] for words in sorted(counted)],
        "network": [_perplexities(network[words]) for words in sorted(counted)],
        "ratio_smallest": ratio(network[first], counted[first]),
        "ratio_whole": ratio(network[last], counted[last]),
        "crossing": crossing(network, counted),
    }


def _by_text(runs: Sequence[StudyRun]) -> dict[int, list[StudyRun]]:
    """The runs of each number of training words, a run for each seed."""
    grouped: dict[int, list[StudyRun]] = {}
    for run in runs:
        grouped.setdefault(run.result.train_targets or 0, []).append(run)
    return grouped


def _perplexities(runs: Sequence[RunRecord]) -> list[float]:
    return [run.result.test_perplexity or math.inf for run in runs]


def crossing(
    first: dict[int, list[StudyRun]], second: dict[int, list[StudyRun]]
) -> tuple[float, float, float]:
    """From how many training words on the first curve is below the second, with the ends of the interval.

    −inf: from the smallest number on; inf: never. A curve is the mean loss over seeds by training words.
    """
    points = [(words, runs) for curve in (first, second) for words, runs in sorted(curve.items())]
    blocks = [[run.blocks for run in runs] for _, runs in points]
    sums = [np.stack([each.nll for each in some if each is not None]) for some in blocks]
    known = blocks[0][0]
    assert known is not None
    drawn = bootstrap(sums, known.targets)
    uncertainty = Uncertainty(known.unit, {row: row for row in range(len(points))}, drawn)
    perplexities = [(words, exp(mean)) for (words, _), mean in zip(points, drawn.means, strict=True)]
    ours, theirs = perplexities[: len(first)], perplexities[len(first) :]
    interval = crossing_interval(
        uncertainty,
        TracedCurve.of(ours, range(len(ours))),
        TracedCurve.of(theirs, range(len(ours), len(points))),
    )
    assert interval is not None
    return place(ours, theirs), interval.low, interval.high


def place(first: Points, second: Points) -> float:
    """The number of words from which the first curve is below the second: −inf, or inf, as in `crossing`."""
    compared = compare_curves(first, second)
    if compared is None:
        raise ValueError("these curves have no number of words in common")
    if compared.first_led:
        return -math.inf
    return next((each.at for each in compared.crossings if each.first_leads), math.inf)


def quantities(data: Data) -> dict[str, Quantity]:
    ratios = [
        [network / counted for network in networks]
        for counted, networks in zip(data["counted"], data["network"], strict=True)
    ]
    return {
        "ratio_smallest": Quantity(**data["ratio_smallest"]),
        "ratio_whole": Quantity(**data["ratio_whole"]),
        "catching_up": over_seeds([late / early for early, late in zip(ratios[0], ratios[-1], strict=True)]),
    }


def show(data: Data) -> list[Block]:
    corpus, words = data["corpus"], data["words"]
    counted_label, network_label = data["labels"]
    seeds = len(data["network"][0])
    by_seed = [[(size, values[seed]) for size, values in zip(words, data["network"], strict=True)]
               for seed in range(seeds)]  # fmt: skip
    figure = line_figure(
        "data_size_curves",
        f"{corpus}: perplexity by training text",
        f"Test perplexity on {corpus} by the number of training words; the network with "
        f"{text.plural(seeds, 'seed')}. Lower is better.",
        [
            Curve.of(counted_label, "count", list(zip(words, data["counted"], strict=True))),
            Curve(network_label, "neural", tuple(tuple(points) for points in by_seed)),
        ],
        Axes("training words", "test perplexity", log_x=True, log_y=True),
    )
    table = plain_table(
        "data_size_perplexities",
        f"Test perplexities by training words, and how far the network's are apart over "
        f"{text.plural(seeds, 'seed')}.",
        [
            ("Training words", text.amount),
            (counted_label, text.perplexity),
            (f"{network_label}, mean", text.perplexity),
            ("Lowest", text.perplexity),
            ("Highest", text.perplexity),
        ],
        [
            [size, counted, fmean(values), min(values), max(values)]
            for size, counted, values in zip(words, data["counted"], data["network"], strict=True)
        ],
    )
    return [Paragraph((_sentence(data),)), figure, table]


def _sentence(data: Data) -> str:
    counted, network = data["labels"]
    at, low, high = data["crossing"]
    smallest, whole = (text.amount(data["words"][place]) for place in (0, -1))
    if at == -math.inf:
        said = f"{network} is ahead of {counted} from the smallest text on, {smallest} words"
    elif at == math.inf:
        said = f"{network} does not pass {counted} up to the whole text, {whole} words"
    else:
        said = f"{network} passes {counted} at about {text.significant(at, 2)} training words"
    if low == high and math.isinf(low):
        return f"{said}, in every draw of the test text and the seeds."
    begins = "the smallest text" if low == -math.inf else f"{text.significant(low, 2)} words"
    ends = "beyond the whole text" if high == math.inf else f"{text.significant(high, 2)} words"
    return f"{said} ({LEVEL:.0%} interval: from {begins} to {ends})."
