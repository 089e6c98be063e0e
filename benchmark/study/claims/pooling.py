"""Pooling: a text as one vector, by the last state, or by the maximum or the mean of all states."""

from __future__ import annotations

from benchmark.report.blocks import Block
from benchmark.study.evidence import Evidence
from benchmark.study.of_items import gain, reached, reached_table
from benchmark.study.quantities import Quantity
from benchmark.study.record import Data

VERSION = 1

KEY = "model.pooling"
NAMES = {"final": "Last state", "max": "Maximum", "mean": "Mean", "attention": "Attention"}


def measure(evidence: Evidence) -> Data:
    """What each way to pool reached, and by how much it is ahead of the last state."""
    runs = evidence.by(KEY)
    last = runs["final"]
    return {
        "corpus": last[0].result.corpus_title,
        "reached": reached({NAMES[pooling]: of for pooling, of in runs.items()}),
        "gains": {pooling: gain(of, last) for pooling, of in runs.items() if pooling != "final"},
    }


def quantities(data: Data) -> dict[str, Quantity]:
    return {f"{pooling}_gain": Quantity(**found) for pooling, found in data["gains"].items()}


def show(data: Data) -> list[Block]:
    about = f"An LSTM reads a text of {data['corpus']}, and its states become one vector in four ways."
    return [reached_table("pooling_reached", about, "Pooling", "classification", data["reached"])]
