"""Showing a comparison of neural training."""

from __future__ import annotations

from collections.abc import Sequence
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


def _memory(row: str) -> Any:
    """Peak memory on the GPU of `ours` or `its`."""
    return lambda pair: (one := getattr(pair, row)) and one.median("peak_device_bytes")


#: Shown only where there is something to tell apart: several arithmetics; a GPU.
PRECISION, MEMORY = "precision", ("memory_ours", "memory_its")


class NeuralPresentation(Presentation[NeuralRecord]):
    """A row for each case and peer, with ours beside it."""

    shows_ours = False
    columns = (
        Column("name", "Comparison", lambda pair: pair.record.name, level="data"),
        Column("network", "Network", lambda pair: pair.its.case.kind),
        Column("text", "Text", lambda pair: pair.its.case.text),
        Column("vocabulary", "Words", lambda pair: pair.its.case.vocabulary, text.amount),
        Column("threads", "Threads", lambda pair: pair.its.case.threads, text.amount),
        Column(PRECISION, "Arithmetic", lambda pair: pair.its.case.precision or text.NONE),
        Column("beside", "Beside", lambda pair: pair.its.title),
        Column("train_ours", "Training: ours", _ours(TRAINING), text.amount),
        Column("train_its", "Its", _its(TRAINING), text.amount),
        Column("train_ratio", "Ours ÷ it", _ratio(TRAINING), text.times),
        Column("score_ours", "Scoring: ours", _ours(SCORING), text.amount),
        Column("score_its", "Its", _its(SCORING), text.amount),
        Column("score_ratio", "Ours ÷ it", _ratio(SCORING), text.times),
        Column("loss_difference", "Losses apart", _difference, _share, "more"),
        Column("memory_ours", "GPU memory: ours", _memory("ours"), text.size, "more"),
        Column("memory_its", "Its", _memory("its"), text.size, "more"),
    )
    notes = (
        "Training, scoring: tokens a second, the median of all runs; above ×1, ours is faster. Losses apart: "
        "the largest relative difference of the losses of 30 steps from the same weights, and of an exact "
        "scoring after them.",
        "The peers score as their main.py does, in 10 rows, each of which forgets what comes before it and "
        "drops its remainder; ours scores each token with its whole history, exactly.",
    )

    def columns_of(self, records: Sequence[NeuralRecord]) -> tuple[Column, ...]:
        rows = [row for record in records for row in record.rows]
        hidden = set() if len({row.case.precision for row in rows}) > 1 else {PRECISION}
        if not any(row.figures("peak_device_bytes") for row in rows):
            hidden |= set(MEMORY)
        return tuple(column for column in self.columns if column.key not in hidden)

    def heading(self, record: NeuralRecord) -> str:
        sizes, speed = record.sizes, record.speed
        width = str(sizes.hidden_size)
        if sizes.embedding_size != sizes.hidden_size:
            width += f", embeddings of {sizes.embedding_size}"
        return (
            f"{record.name}: {text.plural(sizes.layers, 'layer')} × {width}, "
            f"{'tied' if sizes.tied else 'not tied'}, "
            f"{f'dropout {sizes.dropout:g}' if sizes.dropout else 'no dropout'}, "
            f"batch {sizes.batch}, unroll {sizes.unroll}, on {record.device}, {_arithmetic(record)}, "
            f"{text.plural(record.rounds, 'round')} of {text.plural(speed.steps, 'step')}, taking turns"
        )

    def conditions(self, record: NeuralRecord) -> str:
        versions = sorted({run.torch for row in record.rows for run in row.runs if run.torch})
        gpus = "".join(f"{device}, " for device in sorted(record.devices - {record.device}))
        return f"{gpus}{describe_machine(record.machine)}, torch {text.listed(versions) or 'unknown'}"

    def remarks(self, record: NeuralRecord) -> list[str]:
        remarks = unmeasured(record.rows) + _said_arithmetic(record)
        if record.goal:
            target = f"to validation perplexity {record.goal.perplexity:g}"
            remarks += [
                f"{row.case.title}, {target}: {row.title}: {outcome(row)}" for row in record.goal.rows
            ]
        return remarks


#: What readers should know of an arithmetic.
ABOUT = {
    "bfloat16": " (the peers' own programs have none; autocast is put around their forward pass and loss)",
    "float16": " (in recurrent layers, the rest in bfloat16; the peers as with bfloat16)",
    "auto": " (what each program chooses itself; the peers leave it to torch)",
}


def _arithmetic(record: NeuralRecord) -> str:
    """`training in float32 and bfloat16`; of an old record, what ours computed in."""
    asked = list(dict.fromkeys(row.case.precision for row in record.rows if row.case.precision))
    return f"training in {text.listed(asked)}" if asked else f"ours in {record.speed.precision}"


def _said_arithmetic(record: NeuralRecord) -> list[str]:
    """What the programs computed in, for each arithmetic of which one made something else."""
    said: dict[str, dict[str, str]] = {}
    for row in record.rows:
        for run in row.runs:
            if row.case.precision and run.train_arithmetic:
                scoring = "" if run.score_arithmetic == "float32" else f", scored in {run.score_arithmetic}"
                said.setdefault(row.case.precision, {})[row.title] = run.train_arithmetic + scoring
    return [
        f"{asked}{ABOUT.get(asked, '')}: "
        + ", ".join(f"{title} in {what}" for title, what in programs.items())
        for asked, programs in said.items()
        if set(programs.values()) != {asked}
    ]
