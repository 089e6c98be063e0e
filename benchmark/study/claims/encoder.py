"""An encoder: a question as one vector, beside counted classifiers and with a language model's weights."""

from __future__ import annotations

from benchmark.report.blocks import Block
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.of_items import gain, reached, reached_table
from benchmark.study.quantities import Quantity
from benchmark.study.record import Data

VERSION = 1

KEY = "model.language_model_epochs"


def measure(evidence: Evidence) -> Data:
    """What the encoder reached from random weights and from those of a language model, beside naive Bayes."""
    by_model = evidence.by("model.name")
    groups: dict[str, list[StudyRun]] = {
        runs[0].result.label: runs for name, runs in by_model.items() if name != "encoder_classifier"
    }
    encoders = evidence.by(KEY, by_model["encoder_classifier"])
    fresh = encoders.pop(0)
    (tuned,) = encoders.values()
    groups |= {"Encoder, from random weights": fresh, "Encoder, first a language model": tuned}
    return {
        "corpus": fresh[0].result.corpus_title,
        "reached": reached(groups),
        "over_naive_bayes": gain(fresh, by_model["naive_bayes"]),
        "tuned_gain": gain(tuned, fresh),
    }


def quantities(data: Data) -> dict[str, Quantity]:
    return {name: Quantity(**data[name]) for name in ("over_naive_bayes", "tuned_gain")}


def show(data: Data) -> list[Block]:
    about = f"{data['corpus']}: an encoder, and classifiers that count words."
    return [reached_table("encoder_reached", about, "Classifier", "classification", data["reached"])]
