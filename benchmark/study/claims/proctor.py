"""What a short history leaves out: how far distributions move, and losses rise, without older words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import numpy as np

from benchmark import text
from benchmark.report.blocks import Block
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.contexts import distributions, drawn_places, losses_by_kept
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.quantities import Quantity, least, mean_of, most
from benchmark.study.record import Data

VERSION = 1

#: How many words an n-gram model of order 5 sees.
SHORT = 4


def measure(evidence: Evidence) -> Data:
    """For each model and number of words kept, at each place: how far the distribution moved, in bits, and
    the loss, in nats."""
    settings = evidence.settings
    length, kept = int(settings["length"]), [int(k) for k in settings["kept"]]
    ids = np.asarray(evidence.corpus(evidence.runs[0]).test.ids, dtype=np.int64)
    places, others = drawn_places(len(ids), length, int(settings["places"]))
    models = []
    for run in evidence.runs:
        evidence.say(f"study proctor: {run.result.label}")
        models.append(_measured(run, ids, places, others, length, kept))
    title = evidence.corpus(evidence.runs[0]).title
    return {"corpus": title, "length": length, "kept": kept, "places": len(places), "models": models}


def _measured(
    run: StudyRun, ids: np.ndarray, places: np.ndarray, others: np.ndarray, length: int, kept: Sequence[int]
) -> Data:
    model = run.model()
    whole = [ids[place - length : place] for place in places]
    full = distributions(model, whole)
    moved = []
    for k in kept:
        mixed = [
            np.concatenate([ids[other - length : other - k], own[-k:]])
            for own, other in zip(whole, others, strict=True)
        ]
        moved.append(divergences(full, distributions(model, mixed)).tolist())
    return {
        "label": run.result.label,
        "family": run.result.family,
        "moved": moved,
        "losses": losses_by_kept(model, ids, places, kept),
        "full_losses": (-full[np.arange(len(places)), ids[places]]).tolist(),
    }


def divergences(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """The Jensen-Shannon divergence (Lin 1991) of distributions, in bits, float64 [contexts]: with m their
    mean, (KL(p, m) + KL(q, m)) / 2. Both are given as ln p [contexts, vocabulary]. It is between 0 and 1.
    """
    mean = np.logaddexp(ours, theirs) - math.log(2)

    def from_mean(log_probs: np.ndarray) -> np.ndarray:
        terms = np.exp(log_probs) * (log_probs - mean)
        return np.where(np.isneginf(log_probs), 0.0, terms).sum(axis=1)

    with np.errstate(invalid="ignore"):  # 0 ln 0 is 0
        nats = (from_mean(ours) + from_mean(theirs)) / 2
    return np.clip(nats / math.log(2), 0.0, 1.0)


def quantities(data: Data) -> dict[str, Quantity]:
    """Of several networks, the one that moves least."""
    at = data["kept"].index(SHORT)
    networks = [each for each in data["models"] if each["family"] == "neural"]
    ngrams = [each for each in data["models"] if each["family"] == "count"]
    return {
        "moved_beyond_4": least([mean_of(each["moved"][at], "place") for each in networks]),
        "loss_with_4": least([mean_of(_rises(each)[at], "place") for each in networks]),
        "ngram_moved": most([mean_of(each["moved"][at], "place") for each in ngrams]),
    }


def _rises(model: Data) -> list[list[float]]:
    """By words kept, how much higher the loss is at each place than with the whole context, in nats."""
    whole = model["full_losses"]
    return [[cut - full for cut, full in zip(losses, whole, strict=True)] for losses in model["losses"]]


def show(data: Data) -> list[Block]:
    kept, models = data["kept"], data["models"]
    about = f"at {data['places']} places of the test text of {data['corpus']}"
    moved = line_figure(
        "proctor_moved",
        f"{data['corpus']}: how far the next word's distribution moves",
        f"Mean Jensen-Shannon divergence {about}, by how many of the last words are kept; the others of "
        f"{data['length']} are replaced by other text.",
        [
            Curve.of(each["label"], each["family"], list(zip(kept, map(fmean, each["moved"]), strict=True)))
            for each in models
        ],
        Axes("words kept", "bits", log_x=True),
    )
    rises = line_figure(
        "proctor_losses",
        f"{data['corpus']}: what the words before are worth",
        f"How much higher the mean loss is {about} with the last words alone than with {data['length']}.",
        [
            Curve.of(each["label"], each["family"], list(zip(kept, map(fmean, _rises(each)), strict=True)))
            for each in models
        ],
        Axes("words kept", "nats above the loss with all words", log_x=True),
    )
    table = plain_table(
        "proctor_models",
        "Means over the places. Moved: the divergence with that many words kept, in bits.",
        [("Model", None), *((f"Moved, {k} kept", text.three_decimals) for k in kept)],
        [[each["label"], *map(fmean, each["moved"])] for each in models],
    )
    return [moved, rises, table]
