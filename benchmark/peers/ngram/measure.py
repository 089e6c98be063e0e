"""A measurement from its settings to its record: `ngram.json`, or `growth.json` for our growth."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.errors import UserError
from benchmark.peers.compare import Comparison, Say
from benchmark.peers.machine import this_machine
from benchmark.peers.ngram.contestants import MITLM, KenLM, NgramContestant, NgramTask, Ours
from benchmark.peers.ngram.growth import Budget, GrowthPlan, growth_tasks
from benchmark.peers.ngram.programs import KENLM_TOOLKIT, MITLM_TOOLKIT, find_programs
from benchmark.peers.ngram.record import GROWTH_FILE, NgramCase, NgramRecord, NgramRun
from benchmark.peers.ngram.run_stages import run_stages, warm_up
from benchmark.peers.ngram.texts import Text, texts_of_corpus
from benchmark.peers.record import now, unused_path

#: The text that the scoring rate is measured on has at least this many words; a shorter one is repeated.
SCORED = 1_000_000
_BYTECODE = "bytecode"


@dataclass(frozen=True)
class NgramPlan:
    """What to compare, on what, and where to write. Either `train` and `test` are given, or `corpus`."""

    train: Path | None
    test: Path | None
    corpus: Sequence[str]
    name: str | None
    orders: Sequence[int]
    rounds: int
    memory: str | None
    threads: int
    ours: Sequence[str]
    lmplz: Path | None
    kenlm: Path | None
    mitlm: Path | None
    results_dir: Path
    growth: GrowthPlan | None
    command: str


def measure(plan: NgramPlan, work: Path, say: Say) -> Path:
    """Measure in the folder `work` and record it; returns the record's file. Raises UserError."""
    name, train, test = _texts(plan, work)
    ours = Ours(plan.ours)
    contestants: list[NgramContestant] = [ours] if plan.growth else [ours, *_peers(plan)]
    record = NgramRecord(
        name=name,
        started=now(),
        command=plan.command,
        machine=this_machine(),
        programs={one.name: one.files() for one in contestants},
        rounds=1 if plan.growth else plan.rounds,
        train=train.file,
        test=test.file,
        memory=plan.memory,
        threads=plan.threads,
    )
    path = unused_path(plan.results_dir, name, record.started, GROWTH_FILE if plan.growth else record.FILE)
    budget = plan.growth.budget if plan.growth else None
    with tempfile.TemporaryDirectory(dir=work, prefix="texts-") as folder:
        for one in contestants:
            if not one.missing:
                warm_up(one, _least_task(plan, test, Path(folder)), work)
        Comparison[NgramContestant, NgramTask, NgramCase, NgramRun](
            contestants=contestants,
            tasks=_tasks(plan, train, test, Path(folder)),
            rounds=record.rounds,
            measure=lambda entry, task: run_stages(entry, task, work),
            rows=record.rows,
            save=lambda: record.save(path),
            say=say,
            admit=None if budget is None else Budget(budget, record.rows).admit,
        ).carry_out()
    return path


def _tasks(plan: NgramPlan, train: Text, test: Text, folder: Path) -> Iterable[NgramTask]:
    """Every order on the whole text, or on its beginnings to measure growth. Texts are made in `folder`."""
    case = NgramCase(0, train.file.tokens)
    names = train.file.name, test.file.name
    if plan.growth:
        # Our own program prints its scoring rate, so it needs no longer text to score.
        task = NgramTask(case, *names, "", plan.memory, plan.threads, (test.path,), folder / _BYTECODE)
        return growth_tasks(plan.growth, plan.orders, train, task, folder)
    scored = test.repeated(SCORED, folder)
    files = (train.path, test.path, scored)
    task = NgramTask(case, *names, scored.name, plan.memory, plan.threads, files, folder / _BYTECODE)
    return [replace(task, case=replace(case, order=order)) for order in plan.orders]


def _least_task(plan: NgramPlan, test: Text, folder: Path) -> NgramTask:
    """What makes a program do all that it does, soon: learn from the test text and score it."""
    case, name = NgramCase(min(plan.orders), test.file.tokens), test.file.name
    given = (plan.memory, plan.threads, (test.path,), folder / _BYTECODE)
    return NgramTask(case, name, name, name, *given)


def _texts(plan: NgramPlan, work: Path) -> tuple[str, Text, Text]:
    name, train, test = "", plan.train, plan.test
    if train is None or test is None:
        name, train, test = texts_of_corpus(plan.corpus, work)
    texts = Text.read(train, "--train"), Text.read(test, "--test")
    if texts[0].file.name == texts[1].file.name:
        raise UserError(f"--train and --test are both called {texts[0].file.name}; rename one")
    return plan.name or name or train.name.split(".")[0], *texts


def _peers(plan: NgramPlan) -> list[NgramContestant]:
    known = {"lmplz": plan.lmplz} if plan.lmplz else {}
    kenlm = find_programs(KENLM_TOOLKIT, plan.kenlm, known)
    return [KenLM(kenlm), MITLM(find_programs(MITLM_TOOLKIT, plan.mitlm))]
