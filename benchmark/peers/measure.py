"""A measurement from its settings to its record: `peers.json`, or `growth.json` with the growth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.peers.compare import Say, compare
from benchmark.peers.contestants import MITLM, Case, Contestant, KenLM, Ours
from benchmark.peers.growth import Plan, grow
from benchmark.peers.machine import identity, machine
from benchmark.peers.programs import KENLM, find
from benchmark.peers.programs import MITLM as MITLM_PROGRAMS
from benchmark.peers.records import COMPARISON, GROWTH
from benchmark.peers.table import comparison
from benchmark.peers.texts import Text, from_corpus
from benchmark.record.folder import write_json

#: Words that a text for the scoring rate has at least: a shorter one is repeated.
SCORED = 1_000_000


@dataclass(frozen=True)
class Settings:
    """What to compare, on what, and where to write. Either `train` and `test` are given, or `corpus`."""

    train: Path | None
    test: Path | None
    corpus: Sequence[str]
    name: str | None
    orders: Sequence[int]
    repeats: int
    memory: str | None
    threads: int
    ours: Sequence[str]
    lmplz: Path | None
    kenlm: Path | None
    mitlm: Path | None
    results_dir: Path
    growth: Plan | None
    command: str


def measure(settings: Settings, work: Path, say: Say) -> Path:
    """Measure in the folder `work` and record it; returns the record's file. Raises UserError."""
    name, train, test = _texts(settings, work)
    ours = Ours(settings.ours)
    contestants = [ours] if settings.growth else [ours, *_peers(settings)]
    started = datetime.now(UTC)
    record: dict[str, Any] = {
        "name": name,
        "started": started.isoformat(timespec="seconds"),
        "command": settings.command,
        "texts": {"train": train.described(), "test": test.described()},
        "memory": settings.memory,
        "threads": settings.threads,
        "machine": machine(),
        "programs": {one.name: [identity(program) for program in one.programs] for one in contestants},
    }
    file = GROWTH if settings.growth else COMPARISON
    path = fresh(settings.results_dir, f"{name}-{started:%Y-%m-%d}", file)
    case = Case(0, train.name, test.name, "", settings.memory, settings.threads)

    def save(key: str, rows: list[dict[str, Any]]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {**record, key: rows})

    if settings.growth:
        grow(ours, settings.growth, case, (train, test), work, lambda points: save("points", points), say)
    else:
        record["repeats"] = settings.repeats
        scored = test.repeated(SCORED, work)
        cases = [replace(case, order=order, scored=scored.name) for order in settings.orders]
        texts = [train.path, test.path, scored]
        rows = compare(
            contestants, cases, texts, settings.repeats, work, lambda rows: save("rows", rows), say
        )
        save("rows", rows)
        say("\n" + comparison({**record, "rows": rows}))
    say(f"\nrecorded: {path}")
    return path


def _texts(settings: Settings, work: Path) -> tuple[str, Text, Text]:
    name, train, test = "", settings.train, settings.test
    if train is None or test is None:
        name, train, test = from_corpus(settings.corpus, work)
    texts = Text.of(train, "--train"), Text.of(test, "--test")
    if texts[0].name == texts[1].name:
        raise UserError(f"--train and --test are both called {texts[0].name}; rename one")
    return settings.name or name or train.name.split(".")[0], *texts


def _peers(settings: Settings) -> list[Contestant]:
    known = {"lmplz": settings.lmplz} if settings.lmplz else {}
    return [KenLM(find(KENLM, settings.kenlm, known)), MITLM(find(MITLM_PROGRAMS, settings.mitlm))]


def fresh(results_dir: Path, name: str, file: str) -> Path:
    """Where a record goes: a measurement of the same day is not written over."""
    names = (f"{name}{suffix}" for suffix in chain([""], (f"-{number}" for number in count(2))))
    return next(path for one in names if not (path := results_dir / "peers" / one / file).exists())
