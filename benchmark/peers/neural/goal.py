"""Time to a validation perplexity: our recipe and the peers' own main.py, from the start to the goal.

Programs run as their users run them, with the recipes they were published with. A program is stopped once
it announces a validation perplexity at or below the goal. The clock starts with the process, so reading
the text and validating count. Our corpus is encoded beforehand.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.corpus import Corpus
from benchmark.peers.compare import Comparison, Entry, ProgramFailed, Say
from benchmark.peers.corpus_lines import lines_of, open_only_corpus
from benchmark.peers.neural.contestants import NeuralContestant, Peer
from benchmark.peers.neural.plan import Goal, NeuralPlan
from benchmark.peers.neural.record import GoalRecord, GoalRun, NeuralCase, NeuralRecord
from benchmark.peers.record import without_folders
from benchmark.peers.watch import WatchedProgram, watch

#: What announces a validation perplexity: our lines, and the last column of the peers' lines on epochs.
OURS_ANNOUNCES = re.compile(r"validation perplexity ([\d,]+\.?\d*)")
PEERS_ANNOUNCE = re.compile(r"valid ppl\s+([\d,]+\.?\d*)")


@dataclass(frozen=True)
class GoalTask:
    """The network to train to the goal."""

    case: NeuralCase


def reach_goal(
    plan: NeuralPlan,
    goal: Goal,
    contestants: Sequence[NeuralContestant],
    record: NeuralRecord,
    work: Path,
    save: Callable[[], None],
    say: Say,
) -> None:
    """Run each program once until it reaches the goal, and add the times to the record.

    The network is the first of the plan's kinds, with the first number of threads. Raises UserError.
    """
    corpus = open_only_corpus(plan.corpus)
    write_splits(corpus, work / "texts")
    case = NeuralCase(plan.kinds[0], corpus.name, len(corpus.vocabulary), plan.threads[0])
    record.goal = GoalRecord(perplexity=goal.perplexity, limit=goal.limit)

    def measure(entry: Entry[NeuralContestant, NeuralCase, GoalRun], task: GoalTask) -> GoalRun:
        program = _program(plan, goal, entry.contestant, work)
        entry.row.commands = [without_folders(" ".join(["python", *program.command[1:]]))]
        seen = watch(program, goal.perplexity, goal.limit)
        if seen.failure:
            raise ProgramFailed(seen.failure)
        reached = bool(seen.curve) and seen.curve[-1][1] <= goal.perplexity
        return GoalRun(seen.curve[-1][0] if reached else None, seen.curve)

    say(f"to validation perplexity {goal.perplexity:g}:")
    Comparison[NeuralContestant, GoalTask, NeuralCase, GoalRun](
        contestants=contestants,
        tasks=[GoalTask(case)],
        rounds=1,
        measure=measure,
        rows=record.goal.rows,
        save=save,
        say=say,
    ).carry_out()


def write_splits(corpus: Corpus, folder: Path) -> None:
    """Write the splits as the peers read them: train.txt, valid.txt and test.txt, one sentence per line."""
    folder.mkdir(parents=True, exist_ok=True)
    for split in ("train", "valid", "test"):
        with (folder / f"{split}.txt").open("w", encoding="utf-8", newline="\n") as file:
            for ids in lines_of(getattr(corpus, split)):
                file.write(" ".join(corpus.vocabulary.decode(ids)) + "\n")


def _program(plan: NeuralPlan, goal: Goal, contestant: NeuralContestant, work: Path) -> WatchedProgram:
    """A program, started as its users start it."""
    kind, threads = plan.kinds[0], plan.threads[0]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
    folder = work / contestant.name
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(contestant, Peer):
        command = [sys.executable, *contestant.published(kind, work / "texts", plan.device)]
        return WatchedProgram(command, folder, PEERS_ANNOUNCE, environment)
    command = [sys.executable, "-m", "benchmark", "run", f"model={kind}", *plan.corpus]
    command += [f"threads={threads}", f"device={plan.device}", *goal.overrides, f"results_dir={folder}"]
    return WatchedProgram(command, Path.cwd(), OURS_ANNOUNCES, environment)
