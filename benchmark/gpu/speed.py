"""The step `speed`: our training and scoring beside pytorch/examples' `word_language_model`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark import text
from benchmark.gpu.plan import Column, Outcome, Part, Step
from benchmark.gpu.process import Command, Ended
from benchmark.gpu.setup import TOY_LIMIT, Setup, newest_named, python
from benchmark.gpu.summary import Figures
from benchmark.peers.neural.contestants import WORD_LANGUAGE_MODEL, Peer
from benchmark.peers.neural.record import NeuralRecord
from benchmark.peers.neural.table import NeuralPresentation
from benchmark.peers.record import OURS
from benchmark.peers.table import Pair

#: Number formats of training, as `nextword peers neural --precision` names them. A CPU has the first two.
PRECISIONS = ("bfloat16", "float32", "tf32", "float16")
#: The tokens to score are about those of a test text, since long texts are scored in stretches side by side.
LAYERS, BATCH, UNROLL, STEPS, EVALUATION = 2, 64, 35, 200, 80_000
#: The learning rate changes no speed, and at 20, that of the example, a large network might diverge.
RATE = 1.0


class Network(Part):
    """Both programs with one network, once in each number format.

    Without `graphs`, ours launches every kernel by itself, as the other does: in bfloat16 alone.
    """

    def __init__(self, setup: Setup, hidden: int, vocabulary: int, graphs: bool = True) -> None:
        self.name = f"{LAYERS} × {hidden:,}, {vocabulary:,} words" + ("" if graphs else ", no CUDA graphs")
        self.least, self.limit = (1.0, TOY_LIMIT) if setup.toy else (25.0, 150.0)
        self._setup, self._hidden, self._vocabulary = setup, hidden, vocabulary
        self._graphs = graphs
        self._record_name = f"gpu-{LAYERS}x{hidden}-{vocabulary}" + ("" if graphs else "-no-graphs")

    def command(self, seconds: float) -> Command:
        toy = (4, 5, 10, 50)
        batch, unroll, steps, evaluation = toy if self._setup.toy else (BATCH, UNROLL, STEPS, EVALUATION)
        formats = PRECISIONS if self._setup.device.startswith("cuda") else PRECISIONS[:2]
        options: dict[str, Any] = {
            "kinds": "lstm",
            "vocabulary": self._vocabulary,
            "device": self._setup.device,
            "precision": ",".join(formats if self._graphs else formats[:1]),
            "layers": LAYERS,
            "hidden": self._hidden,
            "batch": batch,
            "unroll": unroll,
            "rate": RATE,
            "steps": steps,
            "evaluation-tokens": evaluation,
            "rounds": 1,
            "name": self._record_name,
            "results-dir": self._setup.results_dir,
        }
        if self._setup.word_language_model:
            options["word-language-model"] = self._setup.word_language_model
        given = [part for key, value in options.items() for part in (f"--{key}", str(value))]
        environment = {} if self._graphs else {"NEXTWORD_CUDA_GRAPHS": "0"}
        return Command(python("benchmark", "peers", "neural", *given), None, environment)

    def outcome(self, ended: Ended) -> Outcome:
        if ended.status:
            return Outcome("failed", ended.last_line)
        record = self._record()
        if record is None:
            return Outcome("failed", "nothing was measured: the log says why")
        taking_part = [row for row in record.rows if row.contestant in (OURS, WORD_LANGUAGE_MODEL.name)]
        wrong = [row for row in taking_part if row.status != "ok"]
        rows = _rows(record)
        if wrong:
            return Outcome("failed", f"{wrong[0].case.title}, {wrong[0].title}: {wrong[0].reason}", rows)
        return Outcome("ok", None, rows)

    def so_far(self, ended: Ended) -> Sequence[Figures]:
        record = self._record()
        return _rows(record) if record else []

    def _record(self) -> NeuralRecord | None:
        return newest_named(self._setup.results_dir, NeuralRecord, self._record_name)


def _rows(record: NeuralRecord) -> list[Figures]:
    """A row for each number format in which both programs were measured."""
    return [
        _row(pair)
        for pair in NeuralPresentation().pairs(record)
        if pair.its.contestant == WORD_LANGUAGE_MODEL.name
    ]


def _row(pair: Pair) -> Figures:
    figures: dict[str, Any] = {
        "precision": pair.its.case.precision,
        "loss_difference": pair.its.difference_from_ours,
    }
    for stage in ("train", "score"):
        name = f"{stage}_tokens_per_second"
        figures |= {
            f"{stage}_ours": pair.ours and pair.ours.median(name),
            f"{stage}_its": pair.its.median(name),
            f"{stage}_ratio": pair.ratio(name),
        }
    for name in ("peak_device_bytes", "train_arithmetic"):
        figures |= {
            f"{name}_ours": pair.ours and getattr(pair.ours.runs[-1], name),
            f"{name}_its": getattr(pair.its.runs[-1], name),
        }
    return figures


class Speed(Step):
    """Numbers drawn by Zipf's law as text, so that no corpus is needed."""

    name = "speed"
    proves = "speed of training and scoring beside PyTorch's word_language_model"
    columns = (
        Column("precision", "Training in"),
        Column("train_ratio", "Training: ours ÷ its", text.times),
        Column("train_ours", "Ours", text.amount),
        Column("train_its", "Its", text.amount),
        Column("score_ratio", "Scoring: ours ÷ its", text.times),
        Column("score_ours", "Ours", text.amount),
        Column("score_its", "Its", text.amount),
        Column("peak_device_bytes_ours", "GPU memory: ours", text.size),
        Column("peak_device_bytes_its", "Its", text.size),
    )

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.limit = TOY_LIMIT if setup.toy else 105.0

    def missing(self) -> str | None:
        return Peer(WORD_LANGUAGE_MODEL, self._setup.word_language_model).missing

    def parts(self) -> Sequence[Part]:
        networks = [(650, 10_000), (1500, 33_000), (1500, 10_000), (650, 33_000)]
        if self._setup.toy:
            networks = [(8, 20)]
        parts = [Network(self._setup, *sizes) for sizes in networks]
        on_cuda = self._setup.device.startswith("cuda")
        return [*parts, Network(self._setup, *networks[0], graphs=False)] if on_cuda else parts
