"""A comparison of neural training from its settings to its record, `neural.json`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmark.peers.compare import Say
from benchmark.peers.machine import machine
from benchmark.peers.measure import fresh
from benchmark.peers.neural.compare import (
    BLOCK,
    CALM,
    EVALUATION_ROWS,
    PROOF,
    TOLERANCE,
    WARM_UP,
    compare,
)
from benchmark.peers.neural.contestants import contestants
from benchmark.peers.neural.goal import reach
from benchmark.peers.neural.ids import Ids, of_corpus, opened, zipf
from benchmark.peers.neural.rows import Case
from benchmark.peers.neural.settings import Settings
from benchmark.peers.neural.table import comparison
from benchmark.peers.records import NEURAL
from benchmark.record.folder import write_json


def measure(settings: Settings, work: Path, say: Say) -> Path:
    """Measure in the folder `work` and record it; returns the record's file. Raises UserError."""
    programs = contestants(settings)
    texts = _texts(settings)
    started = datetime.now(UTC)
    name = settings.name or "-".join(dict.fromkeys(ids.name for ids in texts))
    record: dict[str, Any] = {
        "name": name,
        "started": started.isoformat(timespec="seconds"),
        "command": settings.command,
        "texts": [ids.described() for ids in texts],
        "device": settings.device,
        "sizes": settings.sizes.described(),
        "speed": {**asdict(settings.speed), "warm_up_steps": WARM_UP * BLOCK},
        "proof": {"steps": PROOF, "tolerance": TOLERANCE, "highest_learning_rate": CALM},
        "evaluation_rows": EVALUATION_ROWS,
        "machine": machine(),
        "programs": {one.name: one.identity() for one in programs},
        "rows": [],
    }
    path = fresh(settings.results_dir, f"{name}-{started:%Y-%m-%d}", NEURAL)

    def save(rows: list[dict[str, Any]]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        record["rows"] = rows
        write_json(path, record)

    cases = [
        Case(kind, ids, threads, settings.device, settings.sizes)
        for ids in texts
        for threads in settings.threads
        for kind in settings.kinds
    ]
    save(compare(programs, cases, settings.speed, work, save, say))
    if settings.goal:
        record["goal"] = reach(settings, settings.goal, programs, work, say)
        write_json(path, record)
    say("\n" + comparison(record))
    say(f"\nrecorded: {path}")
    return path


def _texts(settings: Settings) -> list[Ids]:
    """The ids to learn from, as many as the longest measurement takes."""
    steps = max(PROOF, WARM_UP * BLOCK + settings.speed.steps)
    sizes = steps * settings.sizes.batch * settings.sizes.unroll, settings.speed.evaluation_tokens
    texts = [of_corpus(opened(settings.corpus), *sizes)] if settings.corpus else []
    return texts + [zipf(vocabulary, *sizes) for vocabulary in settings.vocabularies]
