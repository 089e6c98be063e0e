"""The ladder of perplexity: from an n-gram model to more and more complex networks, here and in print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from benchmark import text
from benchmark.errors import UserError, did_you_mean
from benchmark.report.blocks import Block
from benchmark.settings import conf_files
from benchmark.storage.reading import read_yaml_object
from benchmark.study.by_setting import ratio
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.quantities import Quantity, least
from benchmark.study.record import Data

VERSION = 1


def measure(evidence: Evidence) -> Data:
    """The rungs with their perplexities by seed, the ratios that rules name, and the published ladders."""
    rungs = {
        "kneser_ney": evidence.where(model="kneser_ney"),
        "rnn": evidence.where(model="rnn"),
        "lstm": evidence.where(model="lstm", model__layers=1),
        "two_layers": evidence.where(model="lstm", model__layers=2),
    }
    networks = [rungs[name] for name in ("rnn", "lstm", "two_layers")]
    return {
        "corpus": evidence.corpus(evidence.runs[0]).title,
        "rungs": [
            {
                "label": runs[0].result.label,
                "family": runs[0].result.family,
                "parameters": runs[0].result.parameters,
                "perplexities": [run.result.test_perplexity for run in runs],
            }
            for runs in rungs.values()
        ],
        "rnn_by_kneser_ney": ratio(rungs["rnn"], rungs["kneser_ney"]),
        "lstm_by_rnn": ratio(rungs["lstm"], rungs["rnn"]),
        "two_layers_by_one": ratio(rungs["two_layers"], rungs["lstm"]),
        "by_kneser_ney": [ratio(runs, rungs["kneser_ney"]) for runs in networks],
        "published": [ladder(corpus, names) for corpus, names in evidence.settings["published"].items()],
    }


def ladder(corpus: str, names: Sequence[str]) -> dict[str, Any]:
    """Some of the published numbers that `conf/corpus/CORPUS.yaml` lists, in the order of their names.

    Raises UserError for a model of which it lists no number.
    """
    content = read_yaml_object(conf_files("corpus")[corpus])
    listed: dict[str, Mapping[str, Any]] = {item["model"]: item for item in content["published"]}
    for name in names:
        if name not in listed:
            raise UserError(f"{corpus} lists no published {name!r}. {did_you_mean(name, list(listed))}")
    rungs = [[name, listed[name]["perplexity"], listed[name]["source"]] for name in names]
    return {"corpus": corpus, "title": content["title"], "rungs": rungs}


def quantities(data: Data) -> dict[str, Quantity]:
    ratios = ("rnn_by_kneser_ney", "lstm_by_rnn", "two_layers_by_one")
    return {
        **{name: Quantity(**data[name]) for name in ratios},
        "best_by_kneser_ney": least([Quantity(**ratio) for ratio in data["by_kneser_ney"]]),
    }


def show(data: Data) -> list[Block]:
    corpus, rungs = data["corpus"], data["rungs"]
    seeds = max(len(rung["perplexities"]) for rung in rungs)
    means = [fmean(rung["perplexities"]) for rung in rungs]
    curves = [Curve("Measured here", "neural", (tuple(enumerate(means, start=1)),))]
    curves += [
        Curve.of(f"{published['title']}, published", "count",
                 [(place, rung[1]) for place, rung in enumerate(published["rungs"], start=1)])
        for published in data["published"]
    ]  # fmt: skip
    figure = line_figure(
        "ladder_rungs",
        "Perplexity by rung, here and in print",
        f"Test perplexity from rung to rung, in the order of the tables. The ladder measured here is that of "
        f"{corpus}. Perplexities of different corpora cannot be compared, but how they fall can.",
        curves,
        Axes("rung", "test perplexity", log_y=True),
    )
    ours = plain_table(
        "ladder_here",
        f"The ladder measured on {corpus}: mean test perplexity over up to {text.plural(seeds, 'seed')}.",
        [
            ("Model", None),
            ("Parameters", text.amount),
            ("Test perplexity", text.perplexity),
            ("Lowest", text.perplexity),
            ("Highest", text.perplexity),
            ("Seeds", text.amount),
        ],
        [
            [rung["label"], rung["parameters"], fmean(rung["perplexities"]), min(rung["perplexities"]),
             max(rung["perplexities"]), len(rung["perplexities"])]
            for rung in rungs
        ],
    )  # fmt: skip
    return [figure, ours, *(_published(published) for published in data["published"])]


def _published(published: Mapping[str, Any]) -> Block:
    return plain_table(
        f"ladder_{published['corpus']}",
        f"Published test perplexities on {published['title']}.",
        [("Model", None), ("Test perplexity", text.perplexity), ("Source", None)],
        published["rungs"],
    )
