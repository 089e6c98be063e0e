"""Time to a validation perplexity: our recipe and the peers' own main.py, each from start to the figure.

Programs run as their users run them, with the recipes they were published with, and are stopped once
they announce a validation perplexity at or below the goal. The clock begins with the process: reading
the text and validating count. Our corpus is encoded beforehand.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.corpus import Corpus
from benchmark.peers.compare import Say
from benchmark.peers.neural.contestants import Contestant, Peer
from benchmark.peers.neural.ids import opened
from benchmark.peers.neural.settings import Goal, Settings
from benchmark.peers.neural.watch import Way, watch
from benchmark.peers.records import without_folders

#: What announces a validation perplexity: ours, and the last column of the peers' epoch lines.
OURS = re.compile(r"validation perplexity ([\d,]+\.?\d*)")
THEIRS = re.compile(r"valid ppl\s+([\d,]+\.?\d*)")


def reach(
    settings: Settings, goal: Goal, programs: Sequence[Contestant], work: Path, say: Say
) -> dict[str, Any]:
    """Each program in turn, once: the seconds to the goal or None, and the perplexities on the way.

    The network is the first of the kinds, with the first number of threads. Raises UserError.
    """
    kind, threads = settings.kinds[0], settings.threads[0]
    corpus = opened(settings.corpus)
    _write(corpus, work / "texts")
    rows: list[dict[str, Any]] = []
    for program in programs:
        row: dict[str, Any] = {"contestant": program.name, "title": program.title}
        if reason := program.missing or program.unfit(kind):
            row |= {"status": "skipped", "reason": reason}
        else:
            way = _way(settings, goal, program, work)
            seen = watch(way, goal.perplexity, goal.limit)
            there = bool(seen.curve) and seen.curve[-1][1] <= goal.perplexity
            row |= {
                "status": "failed" if seen.failure else "ok",
                "reason": without_folders(seen.failure) if seen.failure else None,
                "command": without_folders(" ".join(["python", *way.command[1:]])),
                "seconds": seen.curve[-1][0] if there else None,
                "curve": seen.curve,
            }
        rows.append(row)
        say(f"to validation perplexity {goal.perplexity:g}, {program.title}: {reached(row)}")
    return {
        "perplexity": goal.perplexity,
        "limit": goal.limit,
        "kind": kind,
        "text": corpus.name,
        "threads": threads,
        "rows": rows,
    }


def reached(row: dict[str, Any]) -> str:
    """How it went, in a few words."""
    if row["status"] != "ok":
        return f"{row['status']}: {row['reason']}"
    if row["seconds"] is None:
        best = min((perplexity for _, perplexity in row["curve"]), default=None)
        return "not reached" + (f", {best:.2f} at best" if best is not None else "")
    return f"{row['seconds']:.1f} s"


def _write(corpus: Corpus, folder: Path) -> None:
    """The splits as the peers read them: train.txt, valid.txt and test.txt, a line each."""
    folder.mkdir(parents=True, exist_ok=True)
    for split in ("train", "valid", "test"):
        stream = getattr(corpus, split)
        with (folder / f"{split}.txt").open("w", encoding="utf-8", newline="\n") as file:
            for first, stop in zip(stream.lines[:-1].tolist(), stream.lines[1:].tolist(), strict=True):
                ids = stream.ids[first:stop]
                words = corpus.vocabulary.decode(ids[ids != corpus.vocabulary.end])
                file.write(" ".join(words) + "\n")


def _way(settings: Settings, goal: Goal, program: Contestant, work: Path) -> Way:
    """How a program is started as its users start it."""
    kind, threads = settings.kinds[0], settings.threads[0]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
    folder = work / program.name
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(program, Peer):
        command = [sys.executable, *program.published(kind, work / "texts", settings.device)]
        return Way(command, folder, THEIRS, environment)
    command = [sys.executable, "-m", "benchmark", "run", f"model={kind}", *settings.corpus]
    command += [f"threads={threads}", f"device={settings.device}", *goal.overrides, f"results_dir={folder}"]
    return Way(command, Path.cwd(), OURS, environment)
