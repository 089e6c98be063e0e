"""Watching a program's output until it announces a perplexity that is low enough."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class WatchedProgram:
    """A program to start, and the pattern that announces a perplexity in its output (group 1)."""

    command: list[str]
    folder: Path
    announces: re.Pattern[str]
    environment: dict[str, str]


@dataclass(frozen=True)
class Announcements:
    """Seconds since the start and perplexity of each announcement; `failure` is why the program failed."""

    curve: list[tuple[float, float]]
    failure: str | None


def watch(program: WatchedProgram, perplexity: float, limit: float) -> Announcements:
    """Run a program until it announces this perplexity or a lower one, ends, or `limit` seconds are over."""
    begun = time.perf_counter()
    child = subprocess.Popen(
        program.command,
        cwd=program.folder,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_hand_on, args=(child.stdout, lines), daemon=True).start()
    curve: list[tuple[float, float]] = []
    last = ""
    try:
        while (line := _next(lines, begun + limit - time.perf_counter())) is not None:
            last = line.strip() or last
            if found := program.announces.search(line):
                curve.append((round(time.perf_counter() - begun, 3), float(found[1].replace(",", ""))))
                if curve[-1][1] <= perplexity:
                    return Announcements(curve, None)
        if time.perf_counter() - begun < limit and child.wait():
            return Announcements(curve, f"exit status {child.returncode}: {last[-200:]}")
        return Announcements(curve, None)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _hand_on(output: IO[str], lines: queue.Queue[str | None]) -> None:
    """Put every line into the queue as it comes, then None."""
    for line in output:
        lines.put(line)
    lines.put(None)


def _next(lines: queue.Queue[str | None], seconds: float) -> str | None:
    """The next line, or None at the end of the output or of the time."""
    try:
        return lines.get(timeout=max(seconds, 0.0))
    except queue.Empty:
        return None
