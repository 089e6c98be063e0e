"""Draws figures in several processes at once, each saved as SVG, PNG and PDF."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

from benchmark.console.signals import end_with_parent, hidden_from_children
from benchmark.report.blocks import Figure
from benchmark.report.figures.style import save, styled
from benchmark.settings import usable_cores

#: Each process holds a copy of matplotlib in memory, so more than this gain nothing.
MOST_PROCESSES = 8

#: What a worker process draws, and where to. Set once, when the process starts.
_work: tuple[Sequence[Figure], Path] = ((), Path())


def draw_all(figures: Sequence[Figure], folder: Path, say: Callable[[str], None]) -> None:
    """Writes NAME.svg, NAME.png and NAME.pdf of each figure into the folder, the same bytes whoever draws.

    On Linux there is one process a core. Figures that a process failed to draw, or that were left when a
    process was killed, are drawn again here, after all processes have ended; so a half-written file is
    always replaced, and an error in drawing is raised here.
    """
    done: set[int] = set()

    def note(index: int) -> None:
        done.add(index)
        if len(done) % 10 == 0 or len(done) == len(figures):
            say(f"report: {len(done)} of {len(figures)} figures drawn")

    workers = min(usable_cores(), MOST_PROCESSES, len(figures) // 2)
    if workers > 1 and sys.platform == "linux":
        with suppress(BrokenProcessPool):
            _draw_in_processes(figures, folder, workers, note)
    for index in sorted(set(range(len(figures))) - done):
        _draw(figures[index], folder)
        note(index)


def _draw_in_processes(
    figures: Sequence[Figure], folder: Path, workers: int, note: Callable[[int], None]
) -> None:
    # A forked process inherits the figures, which hold functions that cannot be pickled.
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, fork, _start_worker, (figures, folder)) as pool:
        try:
            with hidden_from_children():  # the parent ends the pool
                futures = {pool.submit(_draw_numbered, index): index for index in range(len(figures))}
            for future in as_completed(futures):
                if future.exception() is None:
                    note(futures[future])
        except BaseException:
            for process in multiprocessing.active_children():  # a figure can take long, and is not needed
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _start_worker(figures: Sequence[Figure], folder: Path) -> None:
    global _work
    _work = (figures, folder)
    end_with_parent()


def _draw_numbered(index: int) -> None:
    figures, folder = _work
    _draw(figures[index], folder)


def _draw(figure: Figure, folder: Path) -> None:
    with styled():
        svg, png, pdf = save(figure.draw())
    (folder / f"{figure.name}.svg").write_text(svg, encoding="utf-8")
    (folder / f"{figure.name}.png").write_bytes(png)
    (folder / f"{figure.name}.pdf").write_bytes(pdf)
