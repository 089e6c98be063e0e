"""A comparison of neural training from its settings to its record, `neural.json`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmark.peers.compare import Comparison, Say
from benchmark.peers.corpus_lines import open_only_corpus
from benchmark.peers.machine import this_machine
from benchmark.peers.neural.contestants import NeuralContestant, contestants_of
from benchmark.peers.neural.goal import reach_goal
from benchmark.peers.neural.ids import Ids, ids_of_corpus, zipf
from benchmark.peers.neural.plan import NeuralPlan
from benchmark.peers.neural.proof import STEPS, TOLERANCE, Prover
from benchmark.peers.neural.record import NeuralCase, NeuralRecord, NeuralRun, ProofConditions
from benchmark.peers.neural.run_task import BLOCK, CALM, EVALUATION_ROWS, WARM_UP, NeuralTask, run_timed
from benchmark.peers.record import now, unused_path


def measure(plan: NeuralPlan, work: Path, say: Say) -> Path:
    """Measure in the folder `work` and record it; returns the record's file. Raises UserError."""
    contestants = contestants_of(plan)
    texts = _texts(plan)
    record = NeuralRecord(
        name=plan.name or "-".join(dict.fromkeys(ids.name for ids in texts)),
        started=now(),
        command=plan.command,
        machine=this_machine(),
        programs={one.name: one.files() for one in contestants},
        rounds=plan.rounds,
        texts=[ids.recorded for ids in texts],
        device=plan.device,
        sizes=plan.sizes,
        speed=replace(plan.speed, warm_up_steps=WARM_UP * BLOCK),
        proof=ProofConditions(steps=STEPS, tolerance=TOLERANCE, highest_learning_rate=CALM),
        evaluation_rows=EVALUATION_ROWS,
    )
    path = unused_path(plan.results_dir, record.name, record.started, record.FILE)
    Comparison[NeuralContestant, NeuralTask, NeuralCase, NeuralRun](
        contestants=contestants,
        tasks=[
            NeuralTask(
                NeuralCase(kind, ids.name, ids.vocabulary, threads, precision),
                ids,
                plan.device,
                plan.sizes,
                plan.speed,
                work,
            )
            for ids in texts
            for threads in plan.threads
            for kind in plan.kinds
            for precision in plan.precisions
        ],
        rounds=plan.rounds,
        measure=run_timed,
        rows=record.rows,
        save=lambda: record.save(path),
        say=say,
        admit=Prover(say).admit,
    ).carry_out()
    if plan.goal:
        reach_goal(plan, plan.goal, contestants, record, work, lambda: record.save(path), say)
    return path


def _texts(plan: NeuralPlan) -> list[Ids]:
    """The ids to learn from, as many as the longest measurement takes."""
    steps = max(STEPS, WARM_UP * BLOCK + plan.speed.steps)
    sizes = steps * plan.sizes.batch * plan.sizes.unroll, plan.speed.evaluation_tokens
    texts = [ids_of_corpus(open_only_corpus(plan.corpus), *sizes)] if plan.corpus else []
    return texts + [zipf(vocabulary, *sizes) for vocabulary in plan.vocabularies]
