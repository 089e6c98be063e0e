"""The program that loads a saved model and scores some text, to see what that takes: see `measure.footprint`.

It reads its request as JSON from standard input and writes what it found as a line of JSON.
"""

from __future__ import annotations

import importlib
import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.console.signals import end_with_parent

if TYPE_CHECKING:
    from benchmark.contract import LanguageModel, TokenStream

#: Tokens that are scored before anything is measured, so that libraries have read in their code.
WARM_UP = 64
#: Loadings that are timed, at most, and the seconds after which no more are begun.
LOADINGS, SECONDS = 5, 0.5

Load = Callable[[], "LanguageModel"]


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    signal.alarm(request["limit"])
    end_with_parent()
    with suppress(OSError):  # Linux: should memory run out, end this process first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")

    import numpy as np

    from benchmark.contract import TokenStream, Vocabulary
    from benchmark.trust import allow

    allow(request["allowed"])
    kind: Any = importlib.import_module(request["module"])
    for name in request["name"].split("."):
        kind = getattr(kind, name)
    folder = Path(request["checkpoint"])
    vocabulary = Vocabulary.load(folder / "vocabulary.json")
    stream = TokenStream.from_ids(np.array(request["ids"]), vocabulary)
    print(json.dumps(measured(lambda: kind.load(folder, vocabulary), stream, request["started"])))


def measured(load: Load, stream: TokenStream, started: float) -> dict[str, float]:
    """Fields of `Result` on loading a model and scoring a text, in a process that has done nothing else.

    `started`: when the process was started, in seconds since the epoch.
    """
    from benchmark.contract import TokenStream

    begun = time.perf_counter()
    model = load()
    first, start = time.perf_counter() - begun, time.time() - started
    model.log_probs(TokenStream.from_ids(stream.ids[:WARM_UP], stream.vocabulary))
    del model
    return {"start_seconds": start, **_warm(load, stream, first)}


def _warm(load: Load, stream: TokenStream, first: float) -> dict[str, float]:
    """The figures of loading and scoring once all code is there; the first loading took so many seconds."""
    import numpy as np

    from benchmark.measure import memory

    readings: list[float] = []

    def timed_load() -> LanguageModel:
        begun = time.perf_counter()
        model = load()
        readings.append(time.perf_counter() - begun)
        return model

    while len(readings) < LOADINGS - 1 and first + sum(readings) < SECONDS:
        timed_load()
    memory.release_unused_memory()
    before = memory.resident_bytes()
    model = timed_load()
    loaded = memory.resident_bytes()
    known = 0 if memory.restart_peak_memory() else memory.peak_memory_bytes()
    model.log_probs(stream)
    scored, peak = memory.resident_bytes(), memory.peak_memory_bytes()
    most = max(loaded, scored, peak if peak > known else 0)  # an unchanged peak is of something earlier
    return {
        "load_seconds": float(np.median(readings)),
        "base_resident_bytes": before,
        "load_resident_bytes": max(0, loaded - before),
        "score_resident_bytes": max(0, most - before),
    }


if __name__ == "__main__":
    main()
