"""The log of one run: `log.txt`, `curve.csv`, the training clock, and the progress line."""

from __future__ import annotations

import csv
import io
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmark.contract import RunLog
from benchmark.record.folder import WORKSPACE, write_text

#: Seconds between two progress lines: a terminal redraws one line, a log gets a new one each time.
REDRAW, NEW_LINE = 0.2, 10.0


class FileRunLog(RunLog):
    """Writes what a model says into its run folder and onto standard output.

    `terminal` redraws one progress line in place; otherwise plain lines appear every ten seconds. The log
    of a run that was cut off and left something to go on from is continued, any other begins anew.
    """

    def __init__(self, folder: Path, label: str, *, terminal: bool) -> None:
        self._folder, self._label, self._terminal = folder, label, terminal
        self.workspace = folder / WORKSPACE
        mode = "a" if self.workspace.exists() else "w"
        self._file = (folder / "log.txt").open(mode, encoding="utf-8")
        self._rows: list[dict[str, float]] = []
        self._begun = time.perf_counter()
        self._paused = 0.0
        self._shown = self._begun
        self._line = ""
        self.trained_tokens: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()
        self._write_curve()
        self._file.close()

    @property
    def training_seconds(self) -> float:
        """Seconds since `start_clock`, less those spent in `evaluation` blocks."""
        return time.perf_counter() - self._begun - self._paused

    def start_clock(self) -> None:
        """Training begins now."""
        self._begun, self._paused = time.perf_counter(), 0.0

    def info(self, message: str) -> None:
        self._clear()
        print(f"{self._label}: {message}", flush=True)
        self._file.write(f"{self.training_seconds:9.1f} s  {message}\n")
        self._file.flush()

    def progress(self, done: int, total: int, **figures: float) -> None:
        self.trained_tokens = done
        now = time.perf_counter()
        if now - self._shown < (REDRAW if self._terminal else NEW_LINE):
            return
        self._shown = now
        rate = done / max(self.training_seconds, 1e-9)
        left = (total - done) / rate if rate else float("inf")
        shown = "".join(f", {name.replace('_', ' ')} {value:.4g}" for name, value in figures.items())
        text = f"{done / total:.0%} of {total:,} tokens, {rate:,.0f} tokens/s, {_clock(left)} left{shown}"
        if self._terminal:
            self._draw(f"{self._label}: {text}")
        else:
            self.info(text)

    def curve(self, **row: float) -> None:
        self._rows.append(row)
        self._write_curve()

    def resumed(self, seconds: float, tokens: int) -> None:
        self._begun -= seconds
        self.trained_tokens = tokens

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._paused += time.perf_counter() - begun

    def _write_curve(self) -> None:
        if not self._rows:
            return
        columns = list(dict.fromkeys(name for row in self._rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in self._rows)
        write_text(self._folder / "curve.csv", text.getvalue())

    def _draw(self, line: str) -> None:
        line = line[: shutil.get_terminal_size().columns - 1]
        sys.stdout.write("\r" + line.ljust(len(self._line)))
        sys.stdout.flush()
        self._line = line

    def _clear(self) -> None:
        if self._line:
            sys.stdout.write("\r" + " " * len(self._line) + "\r")
            self._line = ""


def _clock(seconds: float) -> str:
    if seconds == float("inf"):
        return "unknown time"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
