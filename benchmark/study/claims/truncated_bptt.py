"""Truncated back-propagation: perplexity and speed by the steps that gradients flow back."""

from __future__ import annotations

from statistics import fmean

from benchmark import text
from benchmark.report.blocks import Block
from benchmark.study.by_setting import curve_of, perplexity_figure, ratio, reached
from benchmark.study.charts import plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.quantities import Quantity, most, ratio_over_seeds
from benchmark.study.record import Data

VERSION = 1

KEY = "model.training.unroll"
#: How many steps are said to be enough.
ENOUGH = 20


def measure(evidence: Evidence) -> Data:
    """What each network reached by its steps, and how 20 compare with one and with the longest."""
    return {
        "corpus": evidence.corpus(evidence.runs[0]).title,
        "networks": [_network(evidence, name) for name in evidence.by("model.name")],
    }


def _network(evidence: Evidence, name: str) -> Data:
    steps = evidence.by(KEY, evidence.where(model=name))
    runs = [run for seeds in steps.values() for run in seeds]
    return {
        "label": runs[0].result.label,
        "steps": reached(evidence, KEY, runs),
        "one_by_20": ratio(steps[1], steps[ENOUGH]),
        "twenty_by_longest": ratio(steps[ENOUGH], steps[max(steps)]),
    }


def quantities(data: Data) -> dict[str, Quantity]:
    """Of several networks, the one that bears a rule out least."""
    networks = data["networks"]
    return {
        "one_by_20": Quantity(**min((each["one_by_20"] for each in networks), key=lambda q: q["low"])),
        "twenty_by_longest": most([Quantity(**each["twenty_by_longest"]) for each in networks]),
        "speed_20_by_longest": min((_speed(each) for each in networks), key=lambda q: q.low),
    }


def _speed(network: Data) -> Quantity:
    """How many times as fast training through 20 steps is as through the longest: the geometric mean over
    seeds, which are paired."""
    speeds = {each["value"]: each["tokens_per_second"] for each in network["steps"]}
    pairs = zip(speeds[ENOUGH], speeds[max(speeds)], strict=True)
    return ratio_over_seeds([short / long for short, long in pairs])


def show(data: Data) -> list[Block]:
    figure = perplexity_figure(
        "truncated_bptt_perplexity",
        f"{data['corpus']}: perplexity by the steps that gradients flow back",
        f"Networks trained on {data['corpus']} with truncated back-propagation.",
        [curve_of(network["label"], network["steps"]) for network in data["networks"]],
        "steps that gradients flow back",
    )
    table = plain_table(
        "truncated_bptt_steps",
        "Means over seeds. Speeds are those of the machine that ran the study.",
        [
            ("Network", None),
            ("Steps", text.amount),
            ("Test perplexity", text.perplexity),
            ("Training, tokens/s", text.amount),
        ],
        [
            [
                network["label"],
                each["value"],
                fmean(each["perplexities"]),
                fmean(each["tokens_per_second"]),
            ]
            for network in data["networks"]
            for each in network["steps"]
        ],
    )
    return [figure, table]
