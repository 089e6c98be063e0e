"""Zero probability: what a maximum-likelihood model calls impossible, and how far a cure goes."""

from __future__ import annotations

import math

import numpy as np

from benchmark import text
from benchmark.report.blocks import Block
from benchmark.study.by_setting import ratio
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.quantities import Quantity, counted, share
from benchmark.study.record import Data

VERSION = 1

#: The order of the maximum-likelihood model that the rule on sentences is about, and that of the cures.
ORDER = 3
#: The cures beside an added δ.
OTHERS = ("katz", "jelinek_mercer", "kneser_ney")


def measure(evidence: Evidence) -> Data:
    """The impossible words and sentences by order, the perplexities by δ, and the ratios that rules name."""
    corpus = evidence.corpus(evidence.runs[0])
    lines = np.asarray(corpus.test.lines)
    by_order = evidence.by("model.order", evidence.where(model="maximum_likelihood"))
    deltas = sorted(evidence.where(model="add_k"), key=_delta)
    best = min(deltas, key=lambda run: run.result.valid_perplexity or np.inf)
    cures = {name: evidence.where(model=name)[0] for name in OTHERS}
    return {
        "corpus": corpus.title,
        "words": len(corpus.test),
        "sentences": len(lines) - 1,
        "orders": sorted(by_order),
        "zeros": [list(impossible(by_order[order][0].log_probs(), lines)) for order in sorted(by_order)],
        "deltas": [[_delta(run), run.result.valid_perplexity, run.result.test_perplexity] for run in deltas],
        "best_delta": _delta(best),
        "cures": [
            [run.result.label, run.result.valid_perplexity, run.result.test_perplexity]
            for run in cures.values()
        ],
        "zeros_left": sum(run.result.test_zero_probabilities or 0 for run in [*deltas, *cures.values()]),
        "best_delta_by_kneser_ney": ratio([best], [cures["kneser_ney"]]),
        "katz_by_best_delta": ratio([cures["katz"]], [best]),
        "katz_by_kneser_ney": ratio([cures["katz"]], [cures["kneser_ney"]]),
    }


def _delta(run: StudyRun) -> float:
    return float(run.setting("model.k"))


def impossible(log_probs: np.ndarray, lines: np.ndarray) -> tuple[int, int]:
    """How many targets have probability 0, and how many lines with at least one of them.

    `log_probs` [targets] are natural logarithms; `lines` [lines + 1] are as in `TokenStream`.
    """
    zero = np.isneginf(log_probs)
    return int(zero.sum()), len(np.unique(np.searchsorted(lines, np.flatnonzero(zero), side="right")))


def quantities(data: Data) -> dict[str, Quantity]:
    _, sentences = data["zeros"][data["orders"].index(ORDER)]
    ratios = ("best_delta_by_kneser_ney", "katz_by_best_delta", "katz_by_kneser_ney")
    return {
        "impossible_sentences": share(sentences, data["sentences"], "sentences"),
        "zeros_left": counted(data["zeros_left"]),
        **{name: Quantity(**data[name]) for name in ratios},
    }


def show(data: Data) -> list[Block]:
    corpus = data["corpus"]
    zeros = [
        (order, words / data["words"], sentences / data["sentences"])
        for order, (words, sentences) in zip(data["orders"], data["zeros"], strict=True)
    ]
    impossible_share = line_figure(
        "zero_probability_share",
        f"{corpus}: what is impossible without smoothing",
        f"Shares of the words of the test text of {corpus}, and of its sentences, that have probability 0 "
        "under a maximum-likelihood model, by order.",
        [
            Curve.of("Sentences", "count", [(order, sentences) for order, _, sentences in zeros]),
            Curve.of("Words", "count", [(order, words) for order, words, _ in zeros]),
        ],
        Axes("order", "share with probability 0"),
    )
    added = [(math.log10(delta), tested) for delta, _, tested in data["deltas"]]
    curves = [Curve.of("Added δ", "count", added)]
    curves += [
        Curve.of(label, "count", [(added[end][0], tested) for end in (0, -1)])
        for label, _, tested in data["cures"]
    ]
    by_delta = line_figure(
        "zero_probability_delta",
        f"{corpus}: perplexity by what is added to every count",
        f"Test perplexity of a trigram model on {corpus} by the δ that is added to every count, where −3 is "
        "0.001. Level lines: backoff and interpolation with the same counts. Lower is better.",
        curves,
        Axes("δ, as a power of ten", "test perplexity", log_y=True),
    )
    return [impossible_share, by_delta, *_tables(data, zeros)]


def _tables(data: Data, zeros: list[tuple[int, float, float]]) -> list[Block]:
    by_order = plain_table(
        "zero_probability_orders",
        f"What has probability 0 under maximum likelihood, of {data['words']:,} words and "
        f"{data['sentences']:,} sentences of the test text.",
        [("Order", text.amount), ("Words", text.percent), ("Sentences", text.percent)],
        zeros,
    )
    models = [
        [f"Trigram, δ = {_shown(delta)}", valid, tested, "chosen" if delta == data["best_delta"] else ""]
        for delta, valid, tested in data["deltas"]
    ]
    models += [[*cure, ""] for cure in data["cures"]]
    cures = plain_table(
        "zero_probability_cures",
        "Perplexities of the cures. The best δ is chosen on the validation text.",
        [
            ("Model", None),
            ("Validation", text.perplexity),
            ("Test", text.perplexity),
            ("Choice", None),
        ],
        models,
    )
    return [by_order, cures]


def _shown(delta: float) -> str:
    return text.significant(delta, 1)
