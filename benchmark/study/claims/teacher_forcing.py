"""Teacher forcing: networks that learn from the true words, and from words that they draw themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

import numpy as np

from benchmark import text
from benchmark.contract import LanguageModel, TokenStream
from benchmark.generate import Sampling
from benchmark.measure.perplexity import exp
from benchmark.report.blocks import Block
from benchmark.study.by_setting import ratio, reached
from benchmark.study.charts import OVER_SEEDS, Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.quantities import Quantity, crossed_mean, least, most, over_seeds
from benchmark.study.record import Data
from benchmark.study.sampled import distinct_shares, draw_texts, losses_by_place, stretches_of

VERSION = 1

KEY = "model.training.scheduled_sampling"
#: Tokens of a text.
LENGTH = 60
#: Losses are shown as means over so many places of a text.
PLACES = 10


def measure(evidence: Evidence) -> Data:
    """What networks reach by the share of words that they draw in training, and what they write."""
    (counted,) = evidence.where(model="kneser_ney")
    judge, runs = counted.model(), evidence.where(model="lstm")
    rates = evidence.by(KEY, runs)
    corpus, number = evidence.corpus(counted), int(evidence.settings["texts"])
    return {
        "corpus": corpus.title,
        "rates": [
            {
                **each,
                "train": [_train_loss(evidence, run) for run in rates[each["value"]]],
                "written": [_written(evidence, run, judge, number) for run in rates[each["value"]]],
            }
            for each in reached(evidence, KEY, runs)
        ],
        "ratios": {f"{rate:g}": ratio(rates[rate], rates[0]) for rate in sorted(rates) if rate},
        "read": measured(stretches_of(corpus.test, LENGTH, number), judge),
    }


def _train_loss(evidence: Evidence, run: StudyRun) -> float:
    """On the true training text, in nats a word."""
    return -float(run.model().log_probs(evidence.corpus(run).train).mean(dtype=np.float64))


def _written(evidence: Evidence, run: StudyRun, judge: LanguageModel, number: int) -> Data:
    texts = draw_texts(run.model(), evidence.corpus(run).vocabulary, Sampling(length=LENGTH), number)
    return measured(texts, judge)


def measured(texts: TokenStream, judge: LanguageModel) -> Data:
    """For each text, its loss under the judge (nats a word), how much more the second half has than the
    first, and its share of distinct pairs; and the mean loss by places over all texts."""
    losses = np.array(losses_by_place(judge, texts), dtype=np.float64)
    first, second = (half.mean(1) for half in np.array_split(losses, 2, axis=1))
    return {
        "loss": losses.mean(1).tolist(),
        "drift": (second - first).tolist(),
        "distinct": distinct_shares(texts, 2),
        "by_place": [float(part.mean()) for part in np.array_split(losses, losses.shape[1] // PLACES, 1)],
    }


def quantities(data: Data) -> dict[str, Quantity]:
    forced, *sampled = data["rates"]
    return {
        "some_by_none": Quantity(**data["ratios"][f"{sampled[0]['value']:g}"]),
        "most_by_none": Quantity(**data["ratios"][f"{sampled[-1]['value']:g}"]),
        "train_steps": least(
            [
                over_seeds([b - a for a, b in zip(one["train"], more["train"], strict=True)])
                for one, more in pairwise(data["rates"])
            ]
        ),
        "loss": most([_difference(forced, each, "loss") for each in sampled]),
        "distinct": least([_difference(forced, each, "distinct") for each in sampled]),
        "drift": crossed_mean(_by_seed(forced, "drift"), "text"),
        "drift_by_most": _difference(forced, sampled[-1], "drift"),
    }


def _by_seed(rate: Mapping[str, Any], key: str) -> list[list[float]]:
    """A measure of the texts of each seed."""
    return [seed[key] for seed in rate["written"]]


def _difference(rate: Mapping[str, Any], other: Mapping[str, Any], key: str) -> Quantity:
    """How much more the texts of one rate have than those of another."""
    return crossed_mean(_by_seed(rate, key), "text", _by_seed(other, key))


def show(data: Data) -> list[Block]:
    return [_by_place(data), _table(data)]


def _by_place(data: Data) -> Block:
    def points(places: Sequence[float]) -> tuple[tuple[float, float], ...]:
        return tuple((PLACES * (n + 0.5), loss) for n, loss in enumerate(places))

    curves = [
        Curve(_name(rate), "neural", tuple(points(seed["by_place"]) for seed in rate["written"]))
        for rate in data["rates"]
    ]
    curves.append(Curve("Test text", "count", (points(data["read"]["by_place"]),)))
    return line_figure(
        "teacher_forcing_places",
        f"{data['corpus']}: how plausible a text is as it goes on",
        f"Loss of what LSTMs write under a Kneser-Ney trigram model, by the place in the text, as means over "
        f"{PLACES} words. {OVER_SEEDS}",
        curves,
        Axes("words written", "nats a word, Kneser-Ney"),
    )


def _name(rate: Mapping[str, Any]) -> str:
    return f"Up to {rate['value']:.0%} drawn" if rate["value"] else "Teacher forcing"


def _table(data: Data) -> Block:
    rows: list[list[object]] = [
        [
            _name(rate),
            exp(fmean(rate["train"])),
            fmean(rate["perplexities"]),
            *_means(rate["written"]),
        ]
        for rate in data["rates"]
    ]
    return plain_table(
        "teacher_forcing_rates",
        f"Means over seeds and over the texts of {LENGTH} words that the networks write. Written: the "
        "perplexity of these texts under a Kneser-Ney trigram model. Drift: how much more their second half "
        "loses under it, in nats a word. Distinct pairs: different pairs of words in a text.",
        [
            ("Words read in training", None),
            ("Training perplexity", text.perplexity),
            ("Test perplexity", text.perplexity),
            ("Written", text.perplexity),
            ("Drift", text.three_decimals),
            ("Distinct pairs", text.percent),
        ],
        [*rows, ["The test text itself", None, None, *_means([data["read"]])]],
    )


def _means(seeds: Sequence[Mapping[str, Sequence[float]]]) -> list[float]:
    """Over the texts of all seeds: perplexity, drift and distinct pairs."""
    loss, drift, distinct = (
        fmean(value for seed in seeds for value in seed[key]) for key in ("loss", "drift", "distinct")
    )
    return [exp(loss), drift, distinct]
