"""Draws the figures of a report in several processes, while the rest of it is made.

Most figures of a report are those of the one before. Where the earlier report made one from the same data
with the same software (see `kept_figures`), its files are taken over. Where it has the same SVG, its PNG and
PDF are (see `figure_files`). `drawn.json` has a checksum of the three files of each figure, so that damaged
or altered ones are made anew.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.console.signals import end_with_parent, hidden_from_children
from benchmark.report.blocks import Figure
from benchmark.report.figure_files import EarlierFigures, FigureFiles
from benchmark.report.figures import fonts
from benchmark.report.kept_figures import Kept, Origin, read_kept, software, write_kept
from benchmark.settings import usable_cores
from benchmark.storage.files import write_json
from benchmark.storage.reading import or_empty, read_json_object

#: Each process holds a copy of matplotlib in memory, so more than this gain nothing.
MOST_PROCESSES = 8
#: Fewer figures are not worth other processes.
FEWEST = 4

#: The file with a checksum of each figure's three files, by the name of the figure.
CHECKSUMS = "drawn.json"


class Drawer:
    """Draws figures, the same bytes whoever draws. `earlier` is the folder of an earlier report's figures.

    On Linux, several figures are drawn in one process a core. Those that a process failed to draw, or that
    were left when a process was killed, are drawn again by `write`, so an error in drawing is raised there.
    """

    def __init__(self, say: Callable[[str], None], earlier: Path) -> None:
        self._say = say
        self._earlier = EarlierFigures(earlier, or_empty(lambda: read_json_object(earlier / CHECKSUMS)))
        self._names: list[str] = []
        self._origins: dict[str, Origin] = {}
        self._wanted: dict[str, Callable[[], Any]] = {}
        self._files: dict[str, FigureFiles] = {}  # those there are already
        self._pool: ProcessPoolExecutor | None = None
        self._drawn_by_pool: dict[Future[FigureFiles], str] = {}

    def add(self, figure: Figure) -> None:
        """Takes a figure over from the earlier report, or begins to draw it."""
        name, origin = figure.name, Origin.of(figure.draw)
        self._names.append(name)
        if origin is not None:
            self._origins[name] = origin
            kept = self._kept.get(name)
            if kept is not None and kept.origin.same_data(origin):
                files = self._earlier.taken_over(name, kept, origin.rows)
                if files is not None:
                    self._files[name] = files
                    return
        self._wanted[name] = figure.draw
        if len(self._wanted) >= FEWEST and usable_cores() > 1 and sys.platform == "linux":
            self._hand_out()

    def write(self, folder: Path) -> None:
        """Writes NAME.svg, NAME.png and NAME.pdf of each figure, and what the next report reads."""
        if self._files:
            number = len(self._files)
            self._say(f"report: {number} of {len(self._names)} figures are those of the report before")
        for done, (name, files) in enumerate(self._drawn(), start=1):
            self._files[name] = files
            if done % 10 == 0 or done == len(self._wanted):
                self._say(f"report: {done} of {len(self._wanted)} figures drawn")
        for name in self._names:
            self._files[name].write(folder, name)
        write_json(folder / CHECKSUMS, {name: self._files[name].checksum for name in self._names})
        kept = {name: Kept(origin, self._files[name].checksum) for name, origin in self._origins.items()}
        write_kept(folder, self._software, kept)

    def svg(self, figure: Figure) -> str:
        """The SVG document of a figure that has been written."""
        return self._files[figure.name].svg

    def stop(self) -> None:
        """Ends all processes at once."""
        if self._pool is not None:
            for process in multiprocessing.active_children():  # a figure can take long, and is not needed
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def _software(self) -> str:
        return software()

    @cached_property
    def _kept(self) -> dict[str, Kept]:
        return read_kept(self._earlier.folder, self._software)

    def _hand_out(self) -> None:
        """Hands all figures that wait to the processes."""
        with hidden_from_children(), suppress(BrokenProcessPool):  # the parent ends the pool
            if self._pool is None:
                fonts.families()  # once, and not in each process
                fork = multiprocessing.get_context("fork")
                self._pool = ProcessPoolExecutor(min(usable_cores(), MOST_PROCESSES), fork, _start_worker)
            given = set(self._drawn_by_pool.values())
            for name, draw in self._wanted.items():
                if name not in given:
                    self._drawn_by_pool[self._pool.submit(self._earlier.drawn, name, draw)] = name

    def _drawn(self) -> Iterator[tuple[str, FigureFiles]]:
        """All figures that are wanted, in any order."""
        for future in as_completed(self._drawn_by_pool):
            if future.exception() is None:
                yield self._drawn_by_pool[future], future.result()
        if self._pool is not None:
            self._pool.shutdown()
        for name, draw in self._wanted.items():
            if name not in self._files:
                yield name, self._earlier.drawn(name, draw)


@contextmanager
def drawing(say: Callable[[str], None], earlier: Path) -> Iterator[Drawer]:
    """What draws while the block runs; where that ends with an error, its processes end, too."""
    drawer = Drawer(say, earlier)
    try:
        yield drawer
    except BaseException:
        drawer.stop()
        raise


def _start_worker() -> None:
    gc.freeze()  # a collection would write to, and so copy, the memory of all that the parent holds
    end_with_parent()
