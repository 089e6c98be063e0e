"""Storage: what n-gram models and networks take, by order and by the number of training words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from benchmark import text
from benchmark.report.blocks import Block
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.quantities import Quantity, counted, least, most
from benchmark.study.record import Data

VERSION = 1

#: The order that the rules on the amount of text are about.
TRIGRAM = 3
COUNTED = "kneser_ney"


def measure(evidence: Evidence) -> Data:
    """The size of each model: label, training words, stored n-grams or parameters, and bytes in memory."""
    orders = evidence.by("model.order", evidence.where(model=COUNTED))
    networks = [run for run in evidence.runs if run.setting("model.name") != COUNTED]
    labels = dict.fromkeys(run.result.label for run in networks)
    return {
        "corpus": evidence.corpus(evidence.runs[0]).title,
        "vocabulary": evidence.runs[0].result.vocabulary_size,
        "counted": [[order, [_size(run) for run in _by_text(orders[order])]] for order in sorted(orders)],
        "networks": [
            [label, [_size(run) for run in _by_text(networks) if run.result.label == label]]
            for label in labels
        ],
    }


def _by_text(runs: Sequence[StudyRun]) -> list[StudyRun]:
    return sorted(runs, key=lambda run: run.result.train_targets or 0)


def _size(run: StudyRun) -> list[float | None]:
    """Training words, what is stored (n-grams, or parameters of a network), and bytes."""
    result = run.result
    stored = result.entries if result.parameters is None else result.parameters
    return [result.train_targets, stored, result.bytes_in_memory]


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """b of the power law y = a x^b that fits best: the slope of least squares in the logarithms."""
    logs = np.log(np.asarray(points, dtype=np.float64))
    centred = logs - logs.mean(axis=0)
    return float(centred[:, 0] @ centred[:, 1] / (centred[:, 0] @ centred[:, 0]))


def quantities(data: Data) -> dict[str, Quantity]:
    by_order = dict(data["counted"])
    whole = [sizes[-1][1] for _, sizes in data["counted"]]
    trigrams = by_order[TRIGRAM]
    return {
        "least_growth_by_order": _least_growth(whole),
        "least_growth_by_text": _least_growth([stored for _, stored, _ in trigrams]),
        "trigram_exponent": counted(exponent([(words, stored) for words, stored, _ in trigrams])),
        "byte_exponent": counted(exponent([(words, size) for words, _, size in trigrams])),
        "network_growth": most([counted(sizes[-1][1] / sizes[0][1]) for _, sizes in data["networks"]]),
    }


def _least_growth(sizes: Sequence[float]) -> Quantity:
    return least([counted(after / before) for before, after in pairwise(sizes)])


def show(data: Data) -> list[Block]:
    corpus = data["corpus"]
    counted_lines = [(f"{order}-gram", sizes) for order, sizes in data["counted"] if len(sizes) > 1]
    curves = [
        Curve.of(label, "count", [(words, size / 1e6) for words, _, size in sizes])
        for label, sizes in counted_lines
    ]
    curves += [
        Curve.of(label, "neural", [(words, size / 1e6) for words, _, size in sizes])
        for label, sizes in data["networks"]
    ]
    by_text = line_figure(
        "storage_text",
        f"{corpus}: size by training text",
        f"Megabytes of the arrays of each model by its training words on {corpus}, with a vocabulary of "
        f"{data['vocabulary']:,} words throughout.",
        curves,
        Axes("training words", "megabytes", log_x=True, log_y=True),
    )
    by_order = line_figure(
        "storage_order",
        f"{corpus}: n-grams by order",
        f"N-grams of all orders up to its own that a model stores, from all training text of {corpus}.",
        [Curve.of("Stored n-grams", "count", [(order, sizes[-1][1]) for order, sizes in data["counted"]])],
        Axes("order", "stored n-grams"),
    )
    return [by_text, by_order, _table(data)]


def _table(data: Data) -> Block:
    rows: list[list[object]] = []
    for order, sizes in data["counted"]:
        name = f"Kneser-Ney {order}-gram"
        rows += [[name, words, stored, None, size, _exponent(sizes)] for words, stored, size in sizes[-1:]]
    for label, sizes in data["networks"]:
        rows += [[label, words, None, stored, size, _exponent(sizes)] for words, stored, size in sizes[-1:]]
    return plain_table(
        "storage_sizes",
        "What each model takes when trained on the whole text. Its bytes grow as the power of the training "
        "words with this exponent: 0 if they stay the same, 1 if they double with the text. A dash: it was "
        "built from the whole text only.",
        [
            ("Model", None),
            ("Training words", text.amount),
            ("N-grams", text.amount),
            ("Parameters", text.amount),
            ("Size", text.size),
            ("Exponent", lambda value: text.decimals(value, 2)),
        ],
        rows,
    )


def _exponent(sizes: Sequence[Sequence[float]]) -> float | None:
    return exponent([(words, size) for words, _, size in sizes]) if len(sizes) > 1 else None
