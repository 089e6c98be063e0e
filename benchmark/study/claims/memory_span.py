"""How far back networks recall: a planted word by its distance, and what the words of a text are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from benchmark import text
from benchmark.contract import LanguageModel, TokenStream
from benchmark.report.blocks import Block
from benchmark.study.charts import OVER_SEEDS, Axes, Curve, line_figure, plain_table
from benchmark.study.contexts import drawn_places, losses_by_kept
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.networks import NAMES
from benchmark.study.quantities import Quantity, crossed_mean, over_seeds
from benchmark.study.record import Data

VERSION = 1

#: A distance is solved where more answers than this are right.
SOLVED = 0.9
#: The number of last words beyond which a rule asks what the others are worth.
SHORT = 8
#: Places whose distributions are asked for at a time.
_ROWS = 500


def measure(evidence: Evidence) -> Data:
    """By network and seed: the share of planted words recalled at each distance, and the losses on text at
    each place by the words kept."""
    planted = [run for run in evidence.runs if run.setting("corpus.source.planted") is not None]
    natural = [run for run in evidence.runs if run not in planted]
    recalled: Data = {}
    for run in planted:
        evidence.say(f"study memory_span: {run.result.label}, seed {run.setting('seed')}")
        found = recall(run.model(), evidence.corpus(run).test)
        recalled.setdefault(name_of(run), []).append(list(found.items()))
    ids = np.asarray(evidence.corpus(natural[0]).test.ids, dtype=np.int64)
    kept = [int(words) for words in evidence.settings["kept"]]
    places, _ = drawn_places(len(ids), max(kept), int(evidence.settings["places"]))
    losses: Data = {}
    for run in natural:
        losses.setdefault(name_of(run), []).append(losses_by_kept(run.model(), ids, places, kept))
    return {
        "chance": 1 / planted[0].setting("corpus.source.planted.keys"),
        "recalled": recalled,
        "corpus": evidence.corpus(natural[0]).title,
        "kept": kept,
        "losses": losses,
    }


def name_of(run: StudyRun) -> str:
    """`Elman`, or `LSTM, forget bias 5`."""
    name, bias = NAMES[run.setting("model.name")], run.setting("model.forget_bias")
    return name if bias is None else f"{name}, forget bias {bias:g}"


def recall(model: LanguageModel, test: TokenStream) -> dict[int, float]:
    """By distance, the share of lines of a planted text whose answer, before `</s>`, is the most likely word.

    The answer repeats the first word of the line (see `benchmark.corpus.planted`).
    """
    ids, places = np.asarray(test.ids), test.lines[1:] - 2
    distances = places - test.lines[:-1]
    guesses = np.concatenate([rows.argmax(1) for rows in model.distributions(test, places, _ROWS)])
    right = guesses == ids[places]
    return {int(each): float(right[distances == each].mean()) for each in np.unique(distances)}


def span(shares: Sequence[Sequence[float]]) -> float:
    """The longest distance that is solved with all shorter ones, from pairs of distance and share, ascending.
    0: not even the shortest is."""
    longest = 0.0
    for distance, share in shares:
        if not share > SOLVED:
            break
        longest = distance
    return longest


def quantities(data: Data) -> dict[str, Quantity]:
    spans = {name: [span(seed) for seed in seeds] for name, seeds in data["recalled"].items()}
    pairs = zip(spans["LSTM"], spans["Elman"], strict=True)
    return {
        "elman_span": over_seeds(spans["Elman"]),
        "lstm_span": over_seeds(spans["LSTM"]),
        "lstm_less_elman": over_seeds([one - other for one, other in pairs]),
        **{f"{name.lower()}_beyond": _beyond(data, data["losses"][name]) for name in ("Elman", "LSTM")},
    }


def _beyond(data: Data, seeds: Sequence[Sequence[Sequence[float]]]) -> Quantity:
    """How much higher the loss is with the last `SHORT` words alone than with all, at each seed's places."""
    short = data["kept"].index(SHORT)
    rises = [np.subtract(losses[short], losses[-1]).tolist() for losses in seeds]
    return crossed_mean(rises, "place")


def show(data: Data) -> list[Block]:
    recalled = line_figure(
        "memory_span_recall",
        "Planted words that are recalled, by distance",
        "The share of test lines on which a network predicts the word that was planted, by how many words "
        f"ago it stood; {text.percent(data['chance'], 0)} is chance. {OVER_SEEDS}",
        [Curve(name, "neural", _points(seeds)) for name, seeds in data["recalled"].items()],
        Axes("words since", "share recalled", log_x=True),
    )
    rises = line_figure(
        "memory_span_text",
        f"{data['corpus']}: what the words before are worth",
        "How much higher the mean loss is on the test text with the last words alone than with "
        f"{data['kept'][-1]}. {OVER_SEEDS}",
        [
            Curve(name, "neural", tuple(_rises(data["kept"], seed) for seed in seeds))
            for name, seeds in data["losses"].items()
        ],
        Axes("words kept", "nats above the loss with all", log_x=True),
    )
    return [recalled, _table(data["recalled"]), rises]


def _points(seeds: Sequence[Sequence[Sequence[float]]]) -> tuple[tuple[tuple[float, float], ...], ...]:
    return tuple(tuple((float(distance), share) for distance, share in seed) for seed in seeds)


def _rises(kept: Sequence[int], losses: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    means = [fmean(each) for each in losses]
    return tuple((float(words), mean - means[-1]) for words, mean in zip(kept, means, strict=True))


def _table(recalled: Mapping[str, Any]) -> Block:
    distances = [int(distance) for distance, _ in next(iter(recalled.values()))[0]]
    rows: list[list[object]] = []
    for name, seeds in recalled.items():
        shares = [fmean(seed[place][1] for seed in seeds) for place in range(len(distances))]
        spans = text.listed([f"{span(seed):g}" for seed in seeds])
        rows.append([name, *shares, spans])
    return plain_table(
        "memory_span_distances",
        "The share of planted words recalled at each distance, the mean over seeds, and the longest distance "
        "that each seed solves with all shorter ones.",
        [
            ("Network", None),
            *((f"{distance} words", text.percent) for distance in distances),
            ("Longest solved", None),
        ],
        rows,
    )
