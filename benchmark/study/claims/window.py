"""Fixed windows: perplexity and weights by the size of the window, and a network without one."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

from benchmark import text
from benchmark.report.blocks import Block
from benchmark.study.by_setting import curve_of, lowest, perplexity_figure, ratio, reached
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence
from benchmark.study.quantities import Quantity, counted, least
from benchmark.study.record import Data

VERSION = 1

KEY = "model.window"


def measure(evidence: Evidence) -> Data:
    """What each window and the LSTM reached, and the ratios that the rules name."""
    windows = evidence.by(KEY, evidence.where(model="fixed_window"))
    runs = [run for seeds in windows.values() for run in seeds]
    lstm = evidence.where(model="lstm")
    found = reached(evidence, KEY, runs)
    best = lowest(found)["value"]
    return {
        "corpus": evidence.corpus(runs[0]).title,
        "matrix": runs[0].setting("model.embedding_size") * runs[0].setting("model.hidden_size"),
        "windows": found,
        "best": best,
        "lstm": reached(evidence, "model.name", lstm)[0],
        "four_by_one": ratio(windows[4], windows[1]),
        "lstm_by_best": ratio(lstm, windows[best]),
    }


def quantities(data: Data) -> dict[str, Quantity]:
    pairs = list(pairwise((each["value"], each["parameters"]) for each in data["windows"]))
    a_word = [(more - fewer) / (after - before) for (before, fewer), (after, more) in pairs]
    # were the growth by two words unlike that by others, this would be far from 1
    farthest = max(a_word, key=lambda growth: abs(growth / data["matrix"] - 1))
    return {
        "least_growth": least([counted(growth) for growth in a_word]),
        "growth_by_matrix": counted(farthest / data["matrix"]),
        "four_by_one": Quantity(**data["four_by_one"]),
        "lstm_by_best": Quantity(**data["lstm_by_best"]),
    }


def show(data: Data) -> list[Block]:
    windows, lstm = data["windows"], data["lstm"]
    level = tuple((float(each["value"]), fmean(lstm["perplexities"])) for each in windows)
    figure = perplexity_figure(
        "window_perplexity",
        f"{data['corpus']}: perplexity by window",
        f"Networks with a fixed window, trained on {data['corpus']}, and an LSTM, which has none.",
        [curve_of("Fixed window", windows), Curve("LSTM", "neural", (level,))],
        "words in the window",
    )
    weights = line_figure(
        "window_parameters",
        f"{data['corpus']}: parameters by window",
        "Parameters of the networks with a fixed window, embeddings included, and of the LSTM.",
        [
            Curve.of("Fixed window", "neural", [(each["value"], each["parameters"]) for each in windows]),
            Curve.of("LSTM", "neural", [(each["value"], lstm["parameters"]) for each in windows]),
        ],
        Axes("words in the window", "parameters"),
    )
    rows: list[list[object]] = [
        [str(each["value"]), each["parameters"], fmean(each["perplexities"])] for each in windows
    ]
    table = plain_table(
        "window_sizes",
        f"Means over seeds. By validation perplexity, the best window is that of {data['best']}.",
        [("Window", None), ("Parameters", text.amount), ("Test perplexity", text.perplexity)],
        [*rows, ["none (LSTM)", lstm["parameters"], fmean(lstm["perplexities"])]],
    )
    return [figure, weights, table]
