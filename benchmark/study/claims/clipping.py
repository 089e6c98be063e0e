"""Clipping: whether too large steps ruin a training, and whether a limit to the gradient's norm helps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark import text
from benchmark.inside import inside_of
from benchmark.record.curve import read_curve
from benchmark.report.blocks import Block
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.networks import untrained_inside
from benchmark.study.quantities import Quantity, counted, over_seeds, share
from benchmark.study.record import Data

VERSION = 1

#: The longest training that shows a single step, in steps.
SINGLE = 1


def measure(evidence: Evidence) -> Data:
    """Losses, gradient norms and ruined trainings by learning rate, and the direction of a first step."""
    corpus = evidence.corpus(evidence.runs[0])
    uniform = math.log(len(corpus.vocabulary))
    trained = [run for run in evidence.runs if run.setting("model.training.steps") != SINGLE]
    single = [run for run in evidence.runs if run.setting("model.training.steps") == SINGLE]
    runs = [_outcome(run, uniform) for run in trained]
    moves = {run.setting("model.training.clip") is not None: _move(evidence, run) for run in single}
    return {"corpus": corpus.title, "uniform": uniform, "runs": runs, "step": _compared(moves)}


def _outcome(run: StudyRun, uniform: float) -> Data:
    """A training is ruined if it diverged, or ended no better than the uniform distribution."""
    perplexity = run.result.test_perplexity
    loss = math.log(perplexity) if run.ok and perplexity is not None else math.inf
    norms = [row["gradient_norm"] for row in read_curve(run.folder) if "gradient_norm" in row]
    return {
        "clip": run.setting("model.training.clip") is not None,
        "rate": run.setting("model.training.learning_rate"),
        "loss": loss,
        "ruined": not loss < uniform,
        "norm": max(norms, default=math.inf),
    }


def _move(evidence: Evidence, run: StudyRun) -> np.ndarray:
    """The weights after training less those before, as one vector."""
    before, after = untrained_inside(evidence, run).weights, inside_of(run.model()).weights
    return np.concatenate([(after[name] - before[name]).ravel() for name in before])


def _compared(moves: Mapping[bool, np.ndarray]) -> dict[str, float]:
    """The cosine of the angle between a step with clipping and without, and the quotient of their lengths."""
    clipped, free = moves[True], moves[False]
    lengths = float(np.linalg.norm(clipped)), float(np.linalg.norm(free))
    return {
        "cosine": float(clipped @ free) / (lengths[0] * lengths[1]),
        "length": lengths[0] / lengths[1],
    }


def quantities(data: Data) -> dict[str, Quantity]:
    rates = sorted({run["rate"] for run in data["runs"]})
    free, clipped = ([run for run in data["runs"] if run["clip"] is clip] for clip in (False, True))
    at_largest = [run for run in free if run["rate"] == rates[-1]]
    saved = _best(data, clip=False), _best(data, clip=True)
    return {
        "ruined_free": share(sum(run["ruined"] for run in at_largest), len(at_largest), "runs"),
        "ruined_clipped": share(sum(run["ruined"] for run in clipped), len(clipped), "runs"),
        "best_difference": over_seeds([one - other for one, other in zip(*saved, strict=True)]),
        "cosine": counted(data["step"]["cosine"]),
        "length": counted(data["step"]["length"]),
    }


def _losses(data: Data, clip: bool, rate: float) -> list[float]:
    """By seed. A ruined training counts as the uniform distribution, which takes no training."""
    of = [run for run in data["runs"] if run["clip"] is clip and run["rate"] == rate]
    return [min(run["loss"], data["uniform"]) for run in of]


def _best(data: Data, clip: bool) -> list[float]:
    """The losses, seed by seed, at the learning rate with the lowest mean."""
    rates = sorted({run["rate"] for run in data["runs"]})
    return min((_losses(data, clip, rate) for rate in rates), key=lambda losses: sum(losses) / len(losses))


def show(data: Data) -> list[Block]:
    rates = sorted({run["rate"] for run in data["runs"]})
    curves = []
    for clip, title in ((False, "Without clipping"), (True, "With clipping")):
        seeds = zip(*(_losses(data, clip, rate) for rate in rates), strict=True)
        curves.append(Curve(title, "neural", tuple(tuple(zip(rates, seed, strict=True)) for seed in seeds)))
    figure = line_figure(
        "clipping_loss",
        "The loss by learning rate, with and without clipping",
        f"Test loss on {data['corpus']} after training by SGD, in nats a token: the mean of the seeds. A "
        f"ruined training counts as the uniform distribution, {data['uniform']:.2f}.",
        curves,
        Axes("learning rate", "test loss, nats a token", log_x=True),
    )
    return [figure, _table(data, rates), _step(data["step"])]


def _table(data: Data, rates: Sequence[float]) -> Block:
    rows = []
    for rate in rates:
        for clip in (False, True):
            of = [run for run in data["runs"] if run["clip"] is clip and run["rate"] == rate]
            finite = [run["loss"] for run in of if math.isfinite(run["loss"])]
            rows.append(
                [
                    rate,
                    "yes" if clip else "no",
                    f"{sum(run['ruined'] for run in of)} of {len(of)}",
                    sum(finite) / len(finite) if finite else None,
                    max(run["norm"] for run in of),
                ]
            )
    return plain_table(
        "clipping_rates",
        "Trainings that were ruined, which diverged or ended no better than the uniform distribution; the "
        "mean test loss of those that did not diverge; the largest gradient norm reported, before clipping.",
        [
            ("Learning rate", text.amount),
            ("Clipped", None),
            ("Ruined", None),
            ("Test loss, nats", text.three_decimals),
            ("Largest gradient norm", _norm),
        ],
        rows,
    )


def _step(step: Mapping[str, float]) -> Block:
    return plain_table(
        "clipping_step",
        "The first step of a training with clipping beside the same without.",
        [("Cosine of their angle", lambda value: text.decimals(value, 6)), ("Length, share", text.percent)],
        [[step["cosine"], step["length"]]],
    )


def _norm(value: float | None) -> str:
    return "∞" if value == math.inf else text.significant(value, 3)
