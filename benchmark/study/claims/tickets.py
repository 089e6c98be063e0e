"""Long-distance dependencies: what an earlier mention of a word is worth, by the gap since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean

import numpy as np

from benchmark import text
from benchmark.contract import LanguageModel, TokenStream
from benchmark.errors import UserError
from benchmark.report.blocks import Block
from benchmark.study.charts import OVER_SEEDS, Axes, Curve, line_figure, plain_table
from benchmark.study.contexts import distributions
from benchmark.study.evidence import Evidence
from benchmark.study.networks import NAMES
from benchmark.study.quantities import Quantity, crossed_mean, most
from benchmark.study.record import Data

VERSION = 1

#: Words of the frame, which stand before the word at both places.
FRAME = 2
#: The gaps that rules are about.
NEAR, FAR = 2, 20


def measure(evidence: Evidence) -> Data:
    """By model and seed, for each gap: ln p of the word at each place, after its mention and without it."""
    settings, corpus = evidence.settings, evidence.corpus(evidence.runs[0])
    gaps, before = [int(gap) for gap in settings["gaps"]], max(FRAME, int(settings["before"]))
    if min(gaps) < FRAME or not {NEAR, FAR} <= set(gaps):
        raise UserError(
            f"study tickets: settings.gaps={gaps} must have {NEAR} and {FAR}, and none below {FRAME}"
        )
    places = planted_places(corpus.test, settings["plantings"], before, max(gaps), settings["common"])
    ids = np.asarray(corpus.test.ids, dtype=np.int64)
    models: Data = {}
    for run in evidence.runs:
        evidence.say(f"study tickets: {run.result.label}, seed {run.setting('seed')}")
        name = run.setting("model.name")
        described = {"label": NAMES.get(name, run.result.label), "family": run.result.family}
        model = models.setdefault(name, {**described, "seeds": []})
        model["seeds"].append([_measured(run.model(), ids, places, gap, before) for gap in gaps])
    shown = corpus.vocabulary.decode(ids[places[0] - FRAME : places[0] + 1])
    return {
        "corpus": corpus.title,
        "gaps": gaps,
        "plantings": len(places),
        "example": [*shown],
        "models": models,
    }


def planted_places(stream: TokenStream, number: int, before: int, after: int, common: int) -> np.ndarray:
    """Places of rarer words with a frame in their sentence: the first in each of `number` parts of the text.

    Rarer are all but the `common` most frequent words. The word stands neither in the `before` tokens before
    it nor in the `after` tokens after. Parts without such a place are left out. Raises UserError if fewer
    than two have one.
    """
    ids, special = np.asarray(stream.ids), {stream.vocabulary.end, stream.vocabulary.unknown}

    def usable(place: int) -> bool:
        word, around = ids[place], ids[place - before : place + after + 1]
        framed = not special & set(ids[place - FRAME : place + 1].tolist())
        return bool(word >= common and framed and np.count_nonzero(around == word) == 1)

    edges = np.linspace(before, max(before, len(ids) - after), number + 1).astype(int)
    found = [next(filter(usable, range(*part)), None) for part in pairwise(edges)]
    places = [place for place in found if place is not None]
    if len(places) < 2:
        raise UserError(
            f"study tickets: the text of {len(ids):,} tokens has fewer than two words for settings.common="
            f"{common} and gaps of up to {after}: take a longer text or shorter gaps"
        )
    return np.array(places)


def contexts_of(
    ids: np.ndarray, places: np.ndarray, words: np.ndarray, gap: int, before: int
) -> list[np.ndarray]:
    """For each place: the `before` tokens before it, a word in its place, the text after it, and the frame
    again, so that `gap` tokens stand behind the word."""
    return [
        np.concatenate(
            [
                ids[place - before : place],
                [word],
                ids[place + 1 : place + 1 + gap - FRAME],
                ids[place - FRAME : place],
            ]
        )
        for place, word in zip(places, words, strict=True)
    ]


def replacements(words: np.ndarray) -> np.ndarray:
    """For each word the one that stands half of them on, or the next after that which differs.

    Raises UserError if all are the same.
    """
    if len(set(words.tolist())) < 2:
        raise UserError("study tickets: all places have the same word; set more `plantings`")
    found = []
    for place, word in enumerate(words):
        later = np.roll(words, -place - max(1, len(words) // 2))
        found.append(later[later != word][0])
    return np.array(found)


def _measured(
    model: LanguageModel, ids: np.ndarray, places: np.ndarray, gap: int, before: int
) -> dict[str, list[float]]:
    words, rows = ids[places], np.arange(len(places))
    first = {"mentioned": words, "replaced": replacements(words)}
    return {
        name: distributions(model, contexts_of(ids, places, each, gap, before))[rows, words].tolist()
        for name, each in first.items()
    }


def quantities(data: Data) -> dict[str, Quantity]:
    models = data["models"]
    recurrent = [
        name for name, each in models.items() if each["family"] == "neural" and name != "transformer"
    ]

    def gains(name: str, gap: int) -> list[list[float]]:
        return [_gains(seed[data["gaps"].index(gap)]) for seed in models[name]["seeds"]]

    return {
        "ngram_far": crossed_mean(gains("kneser_ney", FAR), "place"),
        "networks_far": most([crossed_mean(gains(name, FAR), "place") for name in recurrent]),
        "lstm_near_less_far": crossed_mean(gains("lstm", NEAR), "place", less=gains("lstm", FAR)),
        "cache_far": crossed_mean(gains("mixture", FAR), "place"),
    }


def _gains(measured: Mapping[str, Sequence[float]]) -> list[float]:
    """What the mention is worth at each place, in nats."""
    pairs = zip(measured["mentioned"], measured["replaced"], strict=True)
    return [mentioned - replaced for mentioned, replaced in pairs]


def show(data: Data) -> list[Block]:
    *frame, word = data["example"]
    networks = [model for model in data["models"].values() if model["family"] == "neural"]
    caption = (
        "How much higher the log-probability of a word is if it was mentioned in the same frame, such as "
        f"“{word}” after “{' '.join(frame)}”, than with another word there: means over {data['plantings']} "
        f"places. {OVER_SEEDS}"
    )
    models = data["models"].values()
    return [
        _figure("tickets_gain", "what an earlier mention is worth", caption, data, models),
        _figure("tickets_networks", "the same, of the networks alone", caption, data, networks),
        _table(data),
    ]


def _figure(name: str, title: str, caption: str, data: Data, models: Iterable[Data]) -> Block:
    return line_figure(
        name,
        f"{data['corpus']}: {title}",
        caption,
        [
            Curve(
                model["label"], model["family"], tuple(_by_gap(data["gaps"], seed) for seed in model["seeds"])
            )
            for model in models
        ],
        Axes("words between", "nats", log_x=True),
    )


def _table(data: Data) -> Block:
    gaps, models = data["gaps"], data["models"]
    rows: list[list[object]] = [
        [
            model["label"],
            *(
                fmean(_probability(seed[gaps.index(gap)][key]) for seed in model["seeds"])
                for gap in (NEAR, FAR)
                for key in ("mentioned", "replaced")
            ),
        ]
        for model in models.values()
    ]
    return plain_table(
        "tickets_models",
        "The probability of the word, the geometric mean over places and the mean over seeds, after its "
        "mention and with another word in its place.",
        [
            ("Model", None),
            *(
                (f"Gap {gap}, {said}", lambda value: text.percent(value, 2))
                for gap in (NEAR, FAR)
                for said in ("mentioned", "replaced")
            ),
        ],
        rows,
    )


def _by_gap(
    gaps: Sequence[int], seed: Sequence[Mapping[str, Sequence[float]]]
) -> tuple[tuple[float, float], ...]:
    return tuple((float(gap), fmean(_gains(measured))) for gap, measured in zip(gaps, seed, strict=True))


def _probability(log_probs: Sequence[float]) -> float:
    return float(np.exp(fmean(log_probs)))
