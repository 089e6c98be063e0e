"""The monitor for a terminal: a bar for the whole sweep and one for each run in progress."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from benchmark import text
from benchmark.console.output import visible
from benchmark.console.terminal import console
from benchmark.job import Say
from benchmark.record.progress import Progress, clock_time
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcome, PlannedRun
from benchmark.sweep.subprocess_run import OutputLine

#: Characters of a bar.
BAR = 12

#: Least seconds between two estimates for the whole sweep, which may have thousands of runs.
UPDATE_SECONDS = 0.5


class LiveMonitor(Monitor):
    """Redraws the bars in place.

    The messages of a single run appear above its bar. In a sweep, only errors do, and the last message of
    each run once it has ended; the others are in the run's `log.txt`.
    """

    def __init__(self, runs: Sequence[PlannedRun], workers: int | None, say: Say) -> None:
        super().__init__(runs, workers, say)
        self._bars = _bars()
        self._tasks: dict[PlannedRun, TaskID] = {}
        self._last: dict[PlannedRun, str] = {}
        self._updated = 0.0
        self._sweep = self._add("", total=1.0) if len(runs) > 1 else None

    def __enter__(self) -> Self:
        self._bars.start()
        self._update_sweep()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        self._bars.stop()

    def _show_start(self, run: PlannedRun) -> None:
        self._tasks[run] = self._add(run.job.title, total=None)

    def _show_message(self, run: PlannedRun, line: OutputLine) -> None:
        self._last[run] = line.text
        if line.is_error or self._sweep is None:
            self._print(Text(visible(line.text)))

    def _show_progress(self, run: PlannedRun, progress: Progress) -> None:
        left = progress.seconds_left
        losses = (f"{name} {value:.3g}" for name, value in progress.figures.items() if name.endswith("loss"))
        self._bars.update(
            self._tasks[run],
            completed=progress.done,
            total=progress.total,
            share=f"{progress.share:.0%}",
            rate=f"{text.amount(progress.rate)}/s" if progress.rate else "",
            loss=visible(next(losses, "")),
            left="scoring" if progress.share == 1 else "" if left is None else clock_time(left),
        )
        if time.monotonic() - self._updated >= UPDATE_SECONDS:
            self._update_sweep()

    def _show_end(self, run: PlannedRun, outcome: Outcome) -> None:
        if run in self._tasks:
            self._bars.remove_task(self._tasks.pop(run))
        if self._sweep is not None:
            well = outcome.status == "ok"
            line = self._last.get(run, run.job.title) if well else outcome.described
            self._print(Text(visible(line), no_wrap=well, overflow="ellipsis" if well else "fold"))
        self._update_sweep()

    def _update_sweep(self) -> None:
        self._updated = time.monotonic()
        if self._sweep is not None:
            share = self.time_left.share
            self._bars.update(
                self._sweep,
                description=f"{self._ended} of {self._total} runs",
                completed=share,
                share=f"{share:.0%}",
                left=self.estimate(),
            )

    def _add(self, description: str, total: float | None) -> TaskID:
        return self._bars.add_task(visible(description), total=total, share="", rate="", loss="", left="")

    def _print(self, line: Text) -> None:
        self._bars.console.print(line, soft_wrap=not line.no_wrap)


class _Left(ProgressColumn):
    """The time left or, while that is unknown, the time so far."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["left"] or f"{clock_time(task.elapsed or 0)} so far", justify="right")


def _bars() -> Bars:
    def figure(name: str) -> TextColumn:
        column = Column(no_wrap=True, overflow="ellipsis", max_width=30)
        return TextColumn(f"{{task.fields[{name}]}}", justify="right", markup=False, table_column=column)

    label = Column(ratio=1, no_wrap=True, overflow="ellipsis", min_width=10)
    return Bars(
        TextColumn("{task.description}", markup=False, table_column=label),
        BarColumn(bar_width=BAR),
        figure("share"),
        figure("rate"),
        figure("loss"),
        _Left(table_column=Column(no_wrap=True)),
        console=console(),
        expand=True,
        refresh_per_second=4,
    )
