"""The comparison: first the same losses from the same weights, then speed, the programs taking turns."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmark.peers.compare import Say
from benchmark.peers.neural.contestants import Contestant, Unreadable, printed
from benchmark.peers.neural.rows import Case, Row, with_ratios
from benchmark.peers.neural.settings import Speed
from benchmark.peers.process import measured
from benchmark.peers.records import without_folders

#: Steps over which the losses must agree, and the largest share of a loss by which they may differ.
PROOF, TOLERANCE = 30, 1e-5
#: The highest learning rate of those steps. At 20 an Elman network or a GRU is chaotic: runs of the same
#: program with another order of summation part within ten steps.
CALM = 1.0
#: Steps between two readings of the clock. The first block warms up and is not counted.
BLOCK, WARM_UP = 10, 1
#: Rows side by side in which the peers score: what their main.py has. Ours is one, its history whole.
EVALUATION_ROWS = 10


def compare(
    contestants: Sequence[Contestant],
    cases: Sequence[Case],
    speed: Speed,
    work: Path,
    save: Callable[[list[dict[str, Any]]], None],
    say: Say,
) -> list[dict[str, Any]]:
    """Every case, ours the first contestant; `save` is called after each run.

    A contestant that fails, or computes something else than ours, sits out the rest of its case.
    """
    rows: list[Row] = []
    for case in cases:
        turn = [Row(case, contestant) for contestant in contestants]
        rows += turn
        for row in turn:
            if reason := row.contestant.missing or row.contestant.unfit(case.kind):
                row.leave("skipped", reason)
        _prove(turn, work, say)
        for number in range(1, speed.rounds + 1):
            for row in turn:
                if row.status == "ok":
                    _time(row, speed, work)
                    who = f"{case.title}: round {number} of {speed.rounds}, {row.contestant.title}"
                    say(f"{who}: {row.said()}")
                    save(with_ratios([row.recorded() for row in rows]))
    return with_ratios([row.recorded() for row in rows])


def _prove(turn: Sequence[Row], work: Path, say: Say) -> None:
    """Let all take the same steps from the weights that ours leaves; who gets other losses sits out."""
    ours, *others = turn
    ours.proof = _run(ours, work, PROOF)
    for row in others:
        if row.status == "ok" and ours.proof is None:
            row.leave("skipped", "there is nothing to compare it with: ours failed")
        elif row.status == "ok" and (proof := _run(row, work, PROOF)):
            row.proof = proof
            _hold_against(row, ours.proof or {})
    for row in turn:
        who = f"{row.case.title}: {row.contestant.title}"
        if row.status != "ok":
            say(f"{who}: {row.said()}")
        elif row is not ours:
            say(f"{who}: losses within {row.loss_difference:.1e} of ours")


def _hold_against(row: Row, ours: dict[str, Any]) -> None:
    """Find how far its losses are from ours."""
    its = row.proof or {}
    if not len(its["losses"]) == len(ours["losses"]) == PROOF:
        counts = f"ours gave {len(ours['losses'])}, it gave {len(its['losses'])}"
        row.leave("failed", f"{PROOF} losses were due, {counts}")
        return
    pairs = [*zip(ours["losses"], its["losses"], strict=True)]
    pairs.append((ours["evaluation_loss"], its["evaluation_loss"]))
    shares = [abs(a - b) / abs(b) if math.isfinite(a - b) and b else math.inf for a, b in pairs]
    row.loss_difference = max(shares)
    if row.loss_difference > TOLERANCE:
        step = next(place for place, share in enumerate(shares, start=1) if share > TOLERANCE)
        where = f"first at step {step}" if step <= PROOF else "in scoring"
        row.leave(
            "failed",
            f"its losses differ from ours by up to {row.loss_difference:.1e} of them, more than "
            f"{TOLERANCE:g} {where}: not the same computation, so speeds do not compare",
        )


def _time(row: Row, speed: Speed, work: Path) -> None:
    """One round of a contestant, added to its row."""
    if figures := _run(row, work, WARM_UP * BLOCK + speed.steps, speed):
        row.runs.append(figures)


def _run(row: Row, work: Path, steps: int, speed: Speed | None = None) -> dict[str, Any] | None:
    """One process with a task, to find its `speed` or (None) to prove its losses: what it printed.

    Where it fails, the row says why.
    """
    folder = work / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / "task.json"
    task = _task(row, folder, work / "weights.safetensors", steps, speed)
    path.write_text(json.dumps(task, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    spent = measured(row.contestant.command(path), folder)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        if spent.failure:
            raise Unreadable(spent.failure)
        return {**printed(spent), "seconds": spent.seconds, "peak_bytes": spent.peak_bytes}
    except Unreadable as error:
        row.leave("failed", without_folders(str(error)))
        return None


def _task(row: Row, folder: Path, weights: Path, steps: int, speed: Speed | None) -> dict[str, Any]:
    """What the program is to do; ours leaves its first weights, the peers start from them.

    The proof has nothing left to chance: no dropout, all of float32, and a stream scored in one row has
    one history. While timed, the peers compute as they were published, in whatever torch gives them.
    """
    case, ours = row.case, row.contestant.name == "ours"
    train, evaluation = case.ids.save(folder, steps * case.sizes.batch * case.sizes.unroll)
    task: dict[str, Any] = {
        **case.sizes.described(),
        "kind": case.kind,
        "vocabulary": case.ids.vocabulary,
        "train": str(train),
        "evaluation": str(evaluation),
        "block": BLOCK if speed else 1,
        "warmup": WARM_UP,
        "weights": str(weights) if not (speed and ours) else None,
        "precision": "float32" if speed is None else speed.precision if ours else None,
        "threads": case.threads,
        "device": case.device,
        "seed": 1,
    }
    if speed is None:
        task |= {"dropout": 0.0, "learning_rate": min(case.sizes.learning_rate, CALM)}
    return task if ours else {**task, "evaluation_rows": EVALUATION_ROWS if speed else 1}
