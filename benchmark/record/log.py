"""The log of one run: `log.txt`, `curve.csv`, the training clock and reports of progress."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmark.contract import RunLog
from benchmark.environment import WORLD_SIZE
from benchmark.record.curve import read_curve, write_curve
from benchmark.record.folder import LOG, WORKSPACE
from benchmark.record.meter import Meter, Reading
from benchmark.record.progress import Progress, Report, Throttle
from benchmark.storage.reading import or_warn, read_text

#: Seconds between two reports of progress.
REPORT_SECONDS = 1.0


@dataclass(frozen=True)
class TrainedPart:
    """What training a component of a model took, with the meter's readings before and after it."""

    name: str
    seconds: float
    tokens: int
    begun: Reading
    ended: Reading


class FileRunLog(RunLog):
    """Writes a model's messages to its run folder and to standard output.

    Progress goes to `report`, once a second; without it, progress is printed occasionally. The log of an
    interrupted run that can be resumed is continued; any other log is started afresh. `told` is given each
    row of the training curve, too.
    """

    def __init__(
        self,
        folder: Path,
        label: str,
        meter: Meter,
        report: Report | None = None,
        told: Callable[[Mapping[str, float]], None] = lambda row: None,
    ) -> None:
        self._told = told
        self._folder, self._label, self._meter, self._report = folder, label, meter, report
        self.workspace = folder / WORKSPACE
        path = folder / LOG
        earlier = or_warn(lambda: read_text(path), "") if self.workspace.exists() else ""
        path.unlink(missing_ok=True)  # another name of the file, in a copy of the results, keeps what it has
        self._file = path.open("x", encoding="utf-8")
        self._file.write(earlier)
        self._rows: list[dict[str, float]] = []
        self._earlier: list[dict[str, float]] = []
        self._earlier_tokens = -1
        self._begun = self._reported = time.perf_counter()
        self._paused = 0.0
        self._continued = False
        self._throttle = Throttle()
        self.trained_tokens: int | None = None
        #: The components of a model made of others, in the order in which they were trained.
        self.parts: list[TrainedPart] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write_curve()
        self._file.close()

    @property
    def training_seconds(self) -> float:
        """Seconds since `start_clock`, less those spent in `evaluation` blocks."""
        return time.perf_counter() - self._begun - self._paused

    @property
    def whole(self) -> bool:
        """Whether this process alone did the whole training: it was not interrupted, and no other helped."""
        return not self._continued and WORLD_SIZE.value == 1

    @property
    def rows(self) -> Sequence[Mapping[str, float]]:
        """The training curve so far."""
        return self._rows

    def start_clock(self) -> None:
        """Training begins now."""
        self._meter.start()
        self._continued, self.parts = False, []
        self._begun, self._paused = time.perf_counter(), 0.0

    def info(self, message: str) -> None:
        print(f"{self._label}: {message}", flush=True)
        self._write(message)

    def progress(self, done: int, total: int, **figures: float) -> None:
        self.trained_tokens = done
        self._meter.poll()
        now = time.perf_counter()
        if now - self._reported < REPORT_SECONDS and done < total:
            return
        self._reported = now
        progress = Progress(done, total, self.training_seconds, figures)
        if self._report is not None:
            self._report(progress)
        if self._throttle.due():
            self._write(progress.described())
            if self._report is None:
                print(f"{self._label}: {progress.described()}", flush=True)

    def curve(self, **row: float) -> None:
        """Keeps the row with the `seconds` of training so far."""
        self._rows.append({**row, "seconds": self._seconds_of(row)})
        self._write_curve()
        self._told(self._rows[-1])

    def _seconds_of(self, row: Mapping[str, float]) -> float:
        """When the next row of the curve was seen. One that an earlier process had seen keeps its time."""
        if row.get("tokens", math.inf) > self._earlier_tokens:
            return self.training_seconds
        place = len(self._rows)
        return self._earlier[place].get("seconds", math.nan) if place < len(self._earlier) else math.nan

    def resumed(self, seconds: float, tokens: int) -> None:
        self._earlier, self._earlier_tokens = or_warn(lambda: read_curve(self._folder), []), tokens
        self._begun -= seconds
        self.trained_tokens = tokens
        self._continued = True

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            with self._meter.left_out():
                yield
        finally:
            self._paused += time.perf_counter() - begun

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        seconds, tokens, reading = self.training_seconds, self.trained_tokens or 0, self._meter.reading()
        yield
        self.parts.append(
            TrainedPart(
                name,
                self.training_seconds - seconds,
                (self.trained_tokens or 0) - tokens,
                reading,
                self._meter.reading(),
            )
        )

    def _write(self, message: str) -> None:
        self._file.write(f"{self.training_seconds:9.1f} s  {message}\n")
        self._file.flush()

    def _write_curve(self) -> None:
        if self._rows:
            write_curve(self._folder, self._rows)
