"""Showing a comparison of neural training."""

from __future__ import annotations

from typing import Any

from benchmark import text
from benchmark.peers.compare import outcome
from benchmark.peers.neural.record import NeuralRecord
from benchmark.peers.table import Column, Pair, Presentation, describe_machine, unmeasured

TRAINING, SCORING = "train_tokens_per_second", "score_tokens_per_second"


def _ours(name: str) -> Any:
    return lambda pair: pair.ours and pair.ours.median(name)


def _its(name: str) -> Any:
    return lambda pair: pair.its.median(name)


def _ratio(name: str) -> Any:
    return lambda pair: pair.ratio(name)


def _difference(pair: Pair) -> float | None:
    return pair.its.difference_from_ours


def _share(value: float | None) -> str:
    return text.NONE if value is None else f"{value:.1e}"


class NeuralPresentation(Presentation[NeuralRecord]):
    """A row for each case and peer, with ours beside it."""

    shows_ours = False
    columns = (
        Column("name", "Comparison", lambda pair: pair.record.name, level="data"),
        Column("network", "Network", lambda pair: pair.its.case.kind),
        Column("text", "Text", lambda pair: pair.its.case.text),
        Column("vocabulary", "Words", lambda pair: pair.its.case.vocabulary, text.amount),
        Column("threads", "Threads", lambda pair: pair.its.case.threads, text.amount),
        Column("beside", "Beside", lambda pair: pair.its.title),
        Column("train_ours", "Training: ours", _ours(TRAINING), text.amount),
        Column("train_its", "Its", _its(TRAINING), text.amount),
        Column("train_ratio", "Ours ÷ it", _ratio(TRAINING), text.times),
        Column("score_ours", "Scoring: ours", _ours(SCORING), text.amount),
        Column("score_its", "Its", _its(SCORING), text.amount),
        Column("score_ratio", "Ours ÷ it", _ratio(SCORING), text.times),
        Column("loss_difference", "Losses apart", _difference, _share, "more"),
    )
    notes = (
        "Training, scoring: tokens a second, the median of all runs; above ×1, ours is faster. Losses apart: "
        "the largest relative difference of the losses of 30 steps from the same weights, and of an exact "
        "scoring after them.",
        "The peers score as their main.py does, in 10 rows, each of which forgets what comes before it and "
        "drops its remainder; ours scores one row, exactly.",
    )

    def heading(self, record: NeuralRecord) -> str:
        sizes, speed = record.sizes, record.speed
        width = str(sizes.hidden_size)
        if sizes.embedding_size != sizes.hidden_size:
            width += f", embeddings of {sizes.embedding_size}"
        return (
            f"{record.name}: {text.plural(sizes.layers, 'layer')} × {width}, "
            f"{'tied' if sizes.tied else 'not tied'}, "
            f"{f'dropout {sizes.dropout:g}' if sizes.dropout else 'no dropout'}, "
            f"batch {sizes.batch}, unroll {sizes.unroll}, on {record.device}, ours in {speed.precision}, "
            f"{text.plural(record.rounds, 'round')} of {text.plural(speed.steps, 'step')}, taking turns"
        )

    def conditions(self, record: NeuralRecord) -> str:
        versions = sorted({run.torch for row in record.rows for run in row.runs if run.torch})
        return f"{describe_machine(record.machine)}, torch {text.listed(versions) or 'unknown'}"

    def remarks(self, record: NeuralRecord) -> list[str]:
        remarks = unmeasured(record.rows)
        if record.goal:
            target = f"to validation perplexity {record.goal.perplexity:g}"
            remarks += [
                f"{row.case.title}, {target}: {row.title}: {outcome(row)}" for row in record.goal.rows
            ]
        return remarks
