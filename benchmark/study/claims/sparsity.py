"""Sparsity: how many test n-grams were never seen in training, and what smoothing makes of it, by order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmark import text
from benchmark.contract import TokenStream
from benchmark.measure.seen import longest_seen
from benchmark.report.blocks import Block
from benchmark.study.by_setting import ratio
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.quantities import Quantity, counted, least
from benchmark.study.record import Data

VERSION = 1

#: The order that is said to be the largest of use.
LARGEST = 5
METHODS = {
    "kneser_ney": "Modified Kneser-Ney",
    "witten_bell": "Witten-Bell",
    "jelinek_mercer": "Jelinek-Mercer",
    "absolute_discounting": "Absolute discounting",
    "add_k": "Add-k",
}


def measure(evidence: Evidence) -> Data:
    """The share of test n-grams that training lacks, the perplexities, and the ratios that the rules name."""
    corpus = evidence.corpus(evidence.runs[0])
    orders = sorted(evidence.by("model.order"))
    kneser_ney = {order: evidence.where(model="kneser_ney", model__order=order) for order in orders}
    add_k = {order: evidence.where(model="add_k", model__order=order) for order in (2, LARGEST)}
    return {
        "corpus": corpus.title,
        "orders": orders,
        "unseen": [unseen_share(corpus.train, corpus.test, order) for order in orders],
        "perplexities": {
            model: [
                evidence.where(model=model, model__order=order)[0].result.test_perplexity for order in orders
            ]
            for model in METHODS
        },
        "above_largest": [
            ratio(kneser_ney[order], kneser_ney[LARGEST]) for order in orders if order > LARGEST
        ],
        "add_k": ratio(add_k[LARGEST], add_k[2]),
    }


def unseen_share(train: TokenStream, test: TokenStream, order: int) -> float:
    """The share of the test text's n-grams of an order that the training text lacks.

    An n-gram lies within a line. It may begin with the line's start, which counts as one token.
    """
    starts = np.repeat(test.lines[:-1], np.diff(test.lines))
    before = np.arange(len(test)) - starts + 1  # tokens before the target, the line's start included
    there = before + 1 >= order
    return float(np.mean(longest_seen(train, test, order)[there] < order))


def quantities(data: Data) -> dict[str, Quantity]:
    unseen = data["unseen"]
    return {
        "least_growth": least([counted(after - before) for before, after in pairwise(unseen)]),
        "unseen_at_5": counted(unseen[data["orders"].index(LARGEST)]),
        "best_above_5": least([Quantity(**ratio) for ratio in data["above_largest"]]),
        "add_k_5_by_2": Quantity(**data["add_k"]),
    }


def show(data: Data) -> list[Block]:
    orders = data["orders"]
    unseen = line_figure(
        "sparsity_unseen",
        f"{data['corpus']}: n-grams never seen",
        f"Share of the test text's n-grams that the training text of {data['corpus']} lacks, by order.",
        [Curve.of("Never seen", "count", list(zip(orders, data["unseen"], strict=True)))],
        Axes("order", "share never seen"),
    )
    curves = [
        Curve.of(METHODS[model], "count", list(zip(orders, values, strict=True)))
        for model, values in data["perplexities"].items()
    ]
    lowest = min(min(values) for values in data["perplexities"].values())
    perplexities = line_figure(
        "sparsity_perplexity",
        f"{data['corpus']}: perplexity by order",
        f"Test perplexity on {data['corpus']} by order; lower is better.",
        curves,
        Axes("order", "test perplexity", log_y=True, ceiling=4 * lowest),
    )
    table = plain_table(
        "sparsity_orders",
        "The share of n-grams never seen and the test perplexities, by order.",
        [
            ("Order", text.amount),
            ("Never seen", text.percent),
            *((name, text.perplexity) for name in METHODS.values()),
        ],
        [
            [order, data["unseen"][place], *(data["perplexities"][model][place] for model in METHODS)]
            for place, order in enumerate(orders)
        ],
    )
    return [unseen, perplexities, table]
