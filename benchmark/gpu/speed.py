"""The step `speed`: our training and scoring beside pytorch/examples' `word_language_model`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmark import text
from benchmark.gpu.plan import Column, Outcome, Part, Step
from benchmark.gpu.process import Command, Ended
from benchmark.gpu.setup import TOY_LIMIT, Setup, python
from benchmark.peers.neural.contestants import WORD_LANGUAGE_MODEL, Peer
from benchmark.peers.neural.record import NeuralRecord
from benchmark.peers.record import newest_records, rows_of_ours
from benchmark.peers.table import Pair

#: Number formats, the fastest first. A CPU has no TF32.
PRECISIONS = ("bfloat16", "float32", "tf32")
LAYERS, BATCH, UNROLL, STEPS, EVALUATION = 2, 64, 35, 200, 20_000
#: Figures of one run of either program that are shown if there are any: key, and prefix of its column.
OF_A_RUN = ("train_joules", "peak_device_bytes")


class Comparison(Part):
    """Both programs with one network in one number format."""

    def __init__(self, setup: Setup, precision: str, hidden: int, vocabulary: int) -> None:
        self.name = f"{precision}, {LAYERS} × {hidden}, {vocabulary:,} words"
        self.least, self.limit = (1.0, TOY_LIMIT) if setup.toy else (25.0, 90.0)
        self._setup, self._precision, self._hidden, self._vocabulary = setup, precision, hidden, vocabulary
        self._record_name = f"gpu-{precision}-{LAYERS}x{hidden}-{vocabulary}"

    def command(self, seconds: float) -> Command:
        toy = (4, 5, 10, 50)
        batch, unroll, steps, evaluation = toy if self._setup.toy else (BATCH, UNROLL, STEPS, EVALUATION)
        options: dict[str, Any] = {
            "kinds": "lstm",
            "vocabulary": self._vocabulary,
            "device": self._setup.device,
            "precision": self._precision,
            "layers": LAYERS,
            "hidden": self._hidden,
            "batch": batch,
            "unroll": unroll,
            "steps": steps,
            "evaluation-tokens": evaluation,
            "rounds": 1,
            "name": self._record_name,
            "results-dir": self._setup.results_dir,
        }
        if self._setup.word_language_model:
            options["word-language-model"] = self._setup.word_language_model
        given = [part for key, value in options.items() for part in (f"--{key}", str(value))]
        return Command(python("benchmark", "peers", "neural", *given))

    def outcome(self, ended: Ended) -> Outcome:
        if ended.status:
            return Outcome("failed", ended.last_line)
        records = newest_records(self._setup.results_dir, NeuralRecord)
        record = next((one for one in records if one.name == self._record_name), None)
        if record is None:
            return Outcome("failed", "nothing was measured: the log says why")
        rows = {row.contestant: row for row in record.rows}
        its, ours = rows[WORD_LANGUAGE_MODEL.name], rows_of_ours(record.rows).get(record.rows[0].case)
        for row in (rows["ours"], its):
            if row.status != "ok":
                return Outcome("failed", f"{row.title}: {row.reason}")
        return Outcome("ok", None, figures_of(Pair(record, ours, its)))


def figures_of(pair: Pair) -> dict[str, Any]:
    """The rates of both programs and their ratios; what else was measured of ours."""
    figures: dict[str, Any] = {}
    for stage in ("train", "score"):
        name = f"{stage}_tokens_per_second"
        figures |= {
            f"{stage}_ours": pair.ours and pair.ours.median(name),
            f"{stage}_its": pair.its.median(name),
            f"{stage}_ratio": pair.ratio(name),
        }
    for who, row in (("ours", pair.ours), ("its", pair.its)):
        run = asdict(row.runs[-1]) if row else {}
        figures |= {f"{name}_{who}": run.get(name) for name in OF_A_RUN}
    return figures


class Speed(Step):
    """Numbers drawn by Zipf's law as text, so that no corpus is needed."""

    name = "speed"
    proves = "speed of training and scoring beside PyTorch's word_language_model"
    columns = (
        Column("train_ours", "Training: ours", text.amount),
        Column("train_its", "Its", text.amount),
        Column("train_ratio", "Ours ÷ its", text.times),
        Column("score_ours", "Scoring: ours", text.amount),
        Column("score_its", "Its", text.amount),
        Column("score_ratio", "Ours ÷ its", text.times),
    )

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.limit = TOY_LIMIT if setup.toy else 125.0

    def missing(self) -> str | None:
        return Peer(WORD_LANGUAGE_MODEL, self._setup.word_language_model).missing

    def parts(self) -> Sequence[Part]:
        sizes, vocabularies = ((8, 12), (20, 30)) if self._setup.toy else ((650, 1500), (10_000, 33_000))
        precisions = PRECISIONS[:2] if self._setup.device == "cpu" else PRECISIONS
        return [
            Comparison(self._setup, precision, hidden, vocabulary)
            for vocabulary in vocabularies
            for precision in precisions
            for hidden in sizes
        ]
