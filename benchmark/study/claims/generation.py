"""Generated text: how varied, how coherent, how plausible and how much copied it is, by temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from benchmark import text
from benchmark.contract import LanguageModel, TokenStream
from benchmark.corpus import Corpus
from benchmark.generate import Sampling
from benchmark.measure.perplexity import exp
from benchmark.report.blocks import Block, Quotes
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.quantities import Quantity, least, mean_of, most
from benchmark.study.record import Data
from benchmark.study.sampled import (
    copied_shares,
    distinct_shares,
    draw_texts,
    losses_of,
    returning_shares,
    stretches_of,
)

VERSION = 1

#: Tokens of a text, and how many of them are shown at each temperature.
LENGTH, SHOWN = 60, 1
#: The most frequent words, whose return says nothing of a topic.
COMMON = 100
#: Orders of which the copied share is measured, and the one that a rule is about.
ORDERS, RULED = (2, 3, 4, 5), 4
PLAIN = 1.0
#: What every text is measured by, a number for each: the names of the lists in the data.
MEASURES = ("distinct", "returning", "copied", "loss")


def measure(evidence: Evidence) -> Data:
    """For each corpus, the measures of what its two models write by temperature, and of its own text."""
    return {"corpora": [_corpus(evidence, runs) for runs in evidence.by("corpus.name").values()]}


def _corpus(evidence: Evidence, runs: Sequence[StudyRun]) -> dict[str, Any]:
    first, second = runs
    corpus, number = evidence.corpus(first), int(evidence.settings["texts"])
    models = [first.model(), second.model()]
    written = []
    for run, model, other in zip(runs, models, reversed(models), strict=True):
        for temperature in evidence.settings["temperatures"]:
            evidence.say(f"study generation: {run.result.label} writes at temperature {temperature:g}")
            texts = draw_texts(model, corpus.vocabulary, Sampling(temperature, length=LENGTH), number)
            shown = [_shown(corpus, line) for line in list(texts.each_line())[:SHOWN]]
            described = {"model": run.result.label, "family": run.result.family, "temperature": temperature}
            written.append({**described, "shown": shown, **_measured(corpus, texts, other)})
    read = stretches_of(corpus.test, LENGTH, number)
    return {
        "corpus": corpus.name,
        "title": corpus.title,
        "labels": [run.result.label for run in runs],
        "written": written,
        "read": [_measured(corpus, read, model) for model in models],
    }


def _measured(corpus: Corpus, texts: TokenStream, judge: LanguageModel) -> dict[str, list[float]]:
    """A number for each text. `loss` is that of the model that judges, in nats a token."""
    common = COMMON if len(corpus.vocabulary) > 10 * COMMON else 0
    copied = dict(zip(ORDERS, copied_shares(corpus.train, texts, ORDERS), strict=True))
    return {
        "distinct": distinct_shares(texts, 2),
        "returning": returning_shares(texts, common),
        "copied": copied[RULED],
        "loss": losses_of(judge, texts),
    }


def _shown(corpus: Corpus, line: TokenStream) -> str:
    return " / ".join(corpus.detokenise(corpus.vocabulary.decode(line.ids)).splitlines())


def quantities(data: Data) -> dict[str, Quantity]:
    (first, *_) = data["corpora"]
    rows = [[row for row in first["written"] if row["model"] == label] for label in first["labels"]]
    ends_of_each = [(max(each, key=_temperature), min(each, key=_temperature)) for each in rows]
    plain = [row for each in rows for row in each if row["temperature"] == PLAIN]
    return {
        "rise_of_distinct": least([_difference(*ends, "distinct") for ends in ends_of_each]),
        "rise_of_loss": least([_difference(*ends, "loss") for ends in ends_of_each]),
        "most_copied": most([mean_of(row["copied"], "text") for row in plain]),
        "most_returning": most([_difference(row, first["read"][0], "returning") for row in plain]),
    }


def _temperature(row: Mapping[str, Any]) -> float:
    return float(row["temperature"])


def _difference(row: Mapping[str, Any], other: Mapping[str, Any], name: str) -> Quantity:
    """How much more the texts of a row have of a measure than as many others, drawn apart from them."""
    return mean_of([here - there for here, there in zip(row[name], other[name], strict=False)], "text")


def show(data: Data) -> list[Block]:
    return [block for corpus in data["corpora"] for block in _blocks(corpus)]


def _blocks(corpus: Mapping[str, Any]) -> list[Block]:
    name, title = corpus["corpus"], corpus["title"]
    lines = [
        (label, family, [row for row in corpus["written"] if row["model"] == label])
        for label, family in dict.fromkeys((row["model"], row["family"]) for row in corpus["written"])
    ]
    distinct = line_figure(
        f"generation_distinct_{name}",
        f"{title}: how varied",
        f"Share of the pairs of words in a text of {LENGTH} tokens that are different, by temperature.",
        [
            Curve.of(label, family, [(_temperature(row), fmean(row["distinct"])) for row in rows])
            for label, family, rows in lines
        ],
        Axes("temperature", "distinct pairs"),
    )
    plausible = line_figure(
        f"generation_perplexity_{name}",
        f"{title}: how plausible",
        "Perplexity of what a model writes under the other model, by temperature.",
        [
            Curve.of(label, family, [(_temperature(row), exp(fmean(row["loss"]))) for row in rows])
            for label, family, rows in lines
        ],
        Axes("temperature", "perplexity under the other", log_y=True),
    )
    quotes = Quotes(
        tuple(
            (f"{row['model']}, temperature {row['temperature']:g}", "", shown)
            for row in corpus["written"]
            for shown in row["shown"]
        )
    )
    return [distinct, plausible, _table(corpus), quotes]


def _table(corpus: Mapping[str, Any]) -> Block:
    rows: list[list[object]] = [[row["model"], row["temperature"], *_cells(row)] for row in corpus["written"]]
    rows += [
        [f"Test text, judged by {label}", None, *_cells(row)]
        for label, row in zip(corpus["labels"], corpus["read"], strict=True)
    ]
    return plain_table(
        f"generation_measures_{corpus['corpus']}",
        f"What is written from {corpus['title']}, and its test text: means over texts of {LENGTH} tokens. "
        "Distinct pairs: different pairs of words in a text. Returning: rarer words that stood in the text "
        f"before. Copied: {RULED}-grams that are in the training text. Perplexity: under the other model.",
        [
            ("Model", None),
            ("Temperature", lambda value: text.decimals(value, 1)),
            ("Distinct pairs", text.percent),
            ("Returning", text.percent),
            ("Copied", text.percent),
            ("Perplexity", text.perplexity),
        ],
        rows,
    )


def _cells(row: Mapping[str, Sequence[float]]) -> list[float]:
    distinct, returning, copied, loss = (fmean(row[name]) for name in MEASURES)
    return [distinct, returning, copied, exp(loss)]
