"""Shows the progress of a sweep: bars on a terminal, occasional lines anywhere else.

Launchers report what their runs write to a monitor, from several threads at once.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from benchmark.job import Say
from benchmark.record.progress import Progress, Throttle, rough_time
from benchmark.sweep.durations import likely_seconds
from benchmark.sweep.outcome import Outcome, PlannedRun
from benchmark.sweep.subprocess_run import OutputLine
from benchmark.sweep.time_left import TimeLeft


class Monitor:
    """Receives everything that happens to the runs of a sweep. This one prints plain lines.

    Messages of runs are printed as they come; the progress of each run, and of the sweep, less and less
    often the longer it takes.
    """

    def __init__(self, runs: Sequence[PlannedRun], workers: int | None, say: Say) -> None:
        kinds = {run: (run.job.corpus_key, run.job.label) for run in runs}
        self.time_left = TimeLeft(kinds, likely_seconds(runs), workers)
        self.say = say
        self._total, self._ended = len(runs), 0
        self._running: set[PlannedRun] = set()
        self._lock = threading.RLock()
        self._throttle = Throttle()
        self._throttles: dict[PlannedRun, Throttle] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def started(self, run: PlannedRun) -> None:
        """A run has started; further calls have no effect."""
        with self._lock:
            if run not in self._running:
                self._running.add(run)
                self.time_left.start(run)
                self._show_start(run)

    def output(self, run: PlannedRun, line: OutputLine) -> None:
        """A run's process has written a line: a report of its progress, or a message."""
        self.started(run)
        progress = Progress.from_line(line.text)
        with self._lock:
            if progress is None:
                self._show_message(run, line)
            else:
                self.time_left.advance(run, progress)
                self._show_progress(run, progress)

    def ended(self, run: PlannedRun, outcome: Outcome) -> None:
        """A run has ended."""
        with self._lock:
            self._ended += 1
            self._running.discard(run)
            self.time_left.end(run, well=outcome.status == "ok")
            self._show_end(run, outcome)

    def estimate(self) -> str:
        """The time left, as `about 3 min`; empty while it is unknown."""
        seconds = self.time_left.seconds()
        return "" if seconds is None else f"about {rough_time(seconds)}"

    def _show_start(self, run: PlannedRun) -> None:
        self._throttles[run] = Throttle()

    def _show_message(self, run: PlannedRun, line: OutputLine) -> None:
        print(line.text, file=sys.stderr if line.is_error else sys.stdout, flush=True)

    def _show_progress(self, run: PlannedRun, progress: Progress) -> None:
        if self._throttles[run].due():
            self.say(f"{run.job.title}: {progress.described()}")

    def _show_end(self, run: PlannedRun, outcome: Outcome) -> None:
        """What went wrong at once; nothing after the last run, since the summary follows."""
        if self._ended < self._total and outcome.status != "ok":
            print(outcome.described, file=sys.stderr, flush=True)
        if self._ended < self._total and self._throttle.due():
            left = self.estimate()
            self.say(f"{self._ended} of {self._total} runs done" + (f", {left} left" if left else ""))
