"""Optimisers: the perplexity that each reaches over a grid of learning rates, at the same number of steps."""

from __future__ import annotations

from statistics import fmean

from benchmark import text
from benchmark.report.blocks import Block
from benchmark.study.by_setting import Reached, curve_of, lowest, perplexity_figure, ratio, reached
from benchmark.study.charts import plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.quantities import Quantity, counted
from benchmark.study.record import Data

VERSION = 1

OPTIMISER, RATE = "model.training.optimiser", "model.training.learning_rate"
NAMES = {
    "sgd": "SGD",
    "adagrad": "Adagrad",
    "adam": "Adam",
    "adamw": "AdamW",
    "nadam": "NAdam",
    "rmsprop": "RMSprop",
}
#: The rate at which Adam is said to be a safe start.
START = 0.001
#: Perplexities within this factor of an optimiser's best are called good.
GOOD = 1.1


def measure(evidence: Evidence) -> Data:
    """What each optimiser reached at each rate, and the ratios that the rules name."""
    runs = evidence.by(OPTIMISER)
    rates = {name: reached(evidence, RATE, its) for name, its in runs.items()}
    best = {name: _at(evidence, name, lowest(its)["value"]) for name, its in rates.items()}
    first = min(rates, key=lambda name: fmean(lowest(rates[name])["valid_perplexities"]))
    return {
        "corpus": evidence.corpus(evidence.runs[0]).title,
        "rates": rates,
        "first": first,
        "sgd_by_best": ratio(best["sgd"], best[first]),
        "adagrad_by_adam": ratio(best["adagrad"], best["adam"]),
        "start_by_adam": ratio(_at(evidence, "adam", START), best["adam"]),
    }


def _at(evidence: Evidence, optimiser: str, rate: float) -> list[StudyRun]:
    wanted = {"model__training__optimiser": optimiser, "model__training__learning_rate": rate}
    return evidence.where(**wanted)


def good_rates(rates: list[Reached]) -> int:
    """How many rates have a mean validation perplexity within `GOOD` of the lowest."""
    values = [fmean(each["valid_perplexities"]) for each in rates]
    return sum(value <= GOOD * min(values) for value in values)


def quantities(data: Data) -> dict[str, Quantity]:
    rates = data["rates"]
    return {
        "sgd_by_best": Quantity(**data["sgd_by_best"]),
        "adagrad_by_adam": Quantity(**data["adagrad_by_adam"]),
        "start_by_adam": Quantity(**data["start_by_adam"]),
        "width_adam_less_sgd": counted(good_rates(rates["adam"]) - good_rates(rates["sgd"])),
    }


def show(data: Data) -> list[Block]:
    rates: dict[str, list[Reached]] = data["rates"]
    figure = perplexity_figure(
        "optimisers_perplexity",
        f"{data['corpus']}: perplexity by learning rate",
        f"An LSTM trained on {data['corpus']} for the same number of steps.",
        [curve_of(NAMES.get(name, name), its) for name, its in rates.items()],
        "learning rate",
    )
    table = plain_table(
        "optimisers_best",
        f"Best rates by validation perplexity. A good rate is within {GOOD - 1:.0%} of the best one.",
        [
            ("Optimiser", None),
            ("Best rate", lambda rate: f"{rate:g}"),
            ("Test perplexity", text.perplexity),
            ("Good rates", text.amount),
            ("Rates tried", text.amount),
        ],
        [
            [
                NAMES.get(name, name),
                lowest(its)["value"],
                fmean(lowest(its)["perplexities"]),
                good_rates(its),
                len(its),
            ]
            for name, its in rates.items()
        ],
    )
    return [figure, table]
