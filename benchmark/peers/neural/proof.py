"""The proof that all programs compute the same: the same losses from the same weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from benchmark.peers.compare import ProgramFailed, Say
from benchmark.peers.neural.record import NeuralCase, NeuralRun
from benchmark.peers.neural.run_task import NeuralEntry, NeuralTask, run_proof
from benchmark.peers.record import Status

#: Steps over which losses must agree, and the largest relative difference that they may have.
STEPS, TOLERANCE = 30, 1e-5


class Prover:
    """Proves each network once: the cases that train it in other arithmetic come one after another."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._network: NeuralCase | None = None
        self._outcomes: list[tuple[Status, str | None, float | None]] = []

    def admit(self, task: NeuralTask, entries: Sequence[NeuralEntry]) -> None:
        """`prove`, or what it found for the same network; the first weights are still where it left them."""
        network = replace(task.case, precision=None)
        if network == self._network:
            for entry, outcome in zip(entries, self._outcomes, strict=True):
                entry.row.status, entry.row.reason, entry.row.difference_from_ours = outcome
            return
        prove(task, entries, self._say)
        self._network = network
        self._outcomes = [
            (entry.row.status, entry.row.reason, entry.row.difference_from_ours) for entry in entries
        ]


def prove(task: NeuralTask, entries: Sequence[NeuralEntry], say: Say) -> None:
    """Let all take the same steps from the weights that ours, the first entry, saves.

    Those whose losses differ from ours drop out; so does everyone if ours fails.
    """
    ours, *others = entries
    reference = _run(ours, task)
    for entry in others:
        if entry.row.status != "ok":
            continue
        if reference is None:
            entry.row.drop_out("skipped", "there is nothing to compare it with: ours failed")
        elif run := _run(entry, task):
            _compare(entry, run, reference)
            if entry.row.status == "ok":
                difference = f"losses within {entry.row.difference_from_ours:.1e} of ours"
                network = replace(task.case, precision=None)
                say(f"{network.title}, {entry.row.title}: {difference}")


def _run(entry: NeuralEntry, task: NeuralTask) -> NeuralRun | None:
    try:
        return run_proof(entry, task, STEPS)
    except ProgramFailed as error:
        entry.row.drop_out("failed", str(error))
        return None


def _compare(entry: NeuralEntry, its: NeuralRun, ours: NeuralRun) -> None:
    """Record how far its losses are from ours, and let it drop out if they are too far."""
    if not len(its.losses) == len(ours.losses) == STEPS:
        counts = f"ours gave {len(ours.losses)}, it gave {len(its.losses)}"
        entry.row.drop_out("failed", f"{STEPS} losses were due, {counts}")
        return
    pairs = [*zip(ours.losses, its.losses, strict=True), (ours.evaluation_loss, its.evaluation_loss)]
    shares = [abs(a - b) / abs(b) if math.isfinite(a - b) and b else math.inf for a, b in pairs]
    entry.row.difference_from_ours = max(shares)
    if max(shares) > TOLERANCE:
        step = next(place for place, share in enumerate(shares, start=1) if share > TOLERANCE)
        where = f"first at step {step}" if step <= STEPS else "in scoring"
        entry.row.drop_out(
            "failed",
            f"its losses differ from ours by up to {max(shares):.1e} of them, more than {TOLERANCE:g} "
            f"{where}: not the same computation, so speeds do not compare",
        )
