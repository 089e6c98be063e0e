"""One run of a contestant: a process that is given a task as a file and prints what it measured."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.peers.compare import Entry, ProgramFailed
from benchmark.peers.neural.contestants import NeuralContestant
from benchmark.peers.neural.ids import Ids
from benchmark.peers.neural.record import NeuralCase, NeuralRun, Sizes, Speed
from benchmark.peers.process import ProcessUsage, run_measured
from benchmark.peers.record import OURS

#: The highest learning rate at which losses are compared. At 20, an Elman network or a GRU is chaotic: two
#: runs of the same program that sum in another order part within ten steps.
CALM = 1.0
#: Steps between two readings of the clock. The first of these blocks warms up and is not counted.
BLOCK, WARM_UP = 10, 1
#: Rows side by side in which the peers score, as their main.py does. Ours scores with the whole history.
EVALUATION_ROWS = 10

#: What a program may also say, by the names in `NeuralRun`.
TOLD = (
    "parameters",
    "peak_device_bytes",
    "device",
    "device_name",
    "train_arithmetic",
    "score_arithmetic",
    "torch",
)

NeuralEntry = Entry[NeuralContestant, NeuralCase, NeuralRun]


@dataclass(frozen=True)
class NeuralTask:
    """A case with its ids and all settings. Its runs take place in folders below `work`."""

    case: NeuralCase
    ids: Ids
    device: str
    sizes: Sizes
    speed: Speed
    work: Path


def run_timed(entry: NeuralEntry, task: NeuralTask) -> NeuralRun:
    """Train and score at full speed, in the arithmetic of the case. Raises ProgramFailed."""
    steps = WARM_UP * BLOCK + task.speed.steps
    ours, precision = _is_ours(entry), task.case.precision
    settings = {
        "block": BLOCK,
        "precision": None if precision == "auto" and not ours else precision,
        "weights": None if ours else _weights(task),
    }
    return _run(entry, task, steps, settings, EVALUATION_ROWS)


def run_proof(entry: NeuralEntry, task: NeuralTask, steps: int) -> NeuralRun:
    """Train for some steps with nothing left to chance, and score exactly. Raises ProgramFailed.

    There is no dropout, all numbers are float32 without TF32, and the stream is scored as one row, so that it
    has one history. Ours saves its first weights, from which all peers start.
    """
    rate = min(task.sizes.learning_rate, CALM)
    settings = {"block": 1, "precision": "float32", "dropout": 0.0, "learning_rate": rate}
    return _run(entry, task, steps, {**settings, "weights": _weights(task)}, 1)


def _is_ours(entry: NeuralEntry) -> bool:
    return entry.contestant.name == OURS


def _weights(task: NeuralTask) -> str:
    return str(task.work / "weights.safetensors")


def _run(
    entry: NeuralEntry, task: NeuralTask, steps: int, settings: dict[str, Any], evaluation_rows: int
) -> NeuralRun:
    folder = task.work / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    train, evaluation = task.ids.save(folder, steps * task.sizes.batch * task.sizes.unroll)
    content: dict[str, Any] = {
        **asdict(task.sizes),
        "kind": task.case.kind,
        "vocabulary": task.ids.vocabulary,
        "train": str(train),
        "evaluation": str(evaluation),
        "warmup": WARM_UP,
        "threads": task.case.threads,
        "device": task.device,
        "seed": 1,
        **settings,
    }
    if not _is_ours(entry):
        content["evaluation_rows"] = evaluation_rows
    path = folder / "task.json"
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    used = run_measured(entry.contestant.command(path), folder)
    shutil.rmtree(folder, ignore_errors=True)
    if used.failure:
        raise ProgramFailed(used.failure)
    return _read(used)


def _read(used: ProcessUsage) -> NeuralRun:
    """What the JSON object on the last line of the output says. Raises ProgramFailed."""
    try:
        printed = json.loads(used.output.strip().splitlines()[-1])
        rate = printed["train_tokens_per_second"]
        return NeuralRun(
            losses=[float(loss) for loss in printed["losses"]],
            evaluation_loss=float(printed["evaluation_loss"]),
            train_tokens_per_second=None if rate is None else float(rate),
            score_tokens_per_second=float(printed["score_tokens_per_second"]),
            seconds=used.seconds,
            peak_bytes=used.peak_bytes,
            **{key: printed[key] for key in TOLD if key in printed},
        )
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ProgramFailed(f"its last line is not the expected JSON ({error})") from error
