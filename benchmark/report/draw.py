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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from benchmark.console.signals import end_with_parent, hidden_from_children
from benchmark.report.blocks import Figure
from benchmark.report.figure_files import EarlierFigures, FigureFiles
from benchmark.report.figures import style
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

    On Linux, several figures are drawn in one process a core. One that a process failed to draw, or that was
    left when a process was killed, is drawn again by `write`, so an error in drawing is raised there.
    """

    def __init__(self, say: Callable[[str], None], earlier: Path) -> None:
        self._say = say
        self._earlier = EarlierFigures(earlier, or_empty(lambda: read_json_object(earlier / CHECKSUMS)))
        self._origins: dict[str, Origin] = {}
        self._taken_over: dict[str, FigureFiles] = {}
        self._waiting: list[Figure] = []
        self._pool: ProcessPoolExecutor | None = None
        self._by_pool: dict[str, Future[FigureFiles]] = {}

    def add(self, figure: Figure) -> None:
        """Takes a figure over from the earlier report, or begins to draw it."""
        files = self._of_earlier(figure)
        if files is not None:
            self._taken_over[figure.name] = files
            return
        self._waiting.append(figure)
        several = self._pool is not None or len(self._waiting) >= FEWEST
        if several and usable_cores() > 1 and sys.platform == "linux":
            self._hand_out()

    def write(self, folder: Path, figures: Sequence[Figure]) -> Iterator[tuple[Figure, str]]:
        """Writes NAME.svg, NAME.png and NAME.pdf of each of the added figures, in the order given, as soon as
        it is drawn, and yields it with its SVG document; at the end, writes what the next report reads."""
        kept, wanted = len(self._taken_over), len(figures) - len(self._taken_over)
        if kept:
            self._say(f"report: {kept} of {len(figures)} figures are those of the report before")
        checksums: dict[str, str] = {}
        drawn = 0
        for figure in figures:
            files = self._taken_over.get(figure.name)
            if files is None:
                files = self._drawn(figure)
                drawn += 1
                if drawn % 10 == 0 or drawn == wanted:
                    self._say(f"report: {drawn} of {wanted} figures drawn")
            files.write(folder, figure.name)
            checksums[figure.name] = files.checksum
            yield figure, files.svg
        if self._pool is not None:
            self._pool.shutdown()
        write_json(folder / CHECKSUMS, checksums)
        made = {name: Kept(origin, checksums[name]) for name, origin in self._origins.items()}
        write_kept(folder, self._software, made)

    def stop(self) -> None:
        """Ends all processes at once."""
        if self._pool is not None:
            for process in multiprocessing.active_children():  # a figure can take long, and is not needed
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _of_earlier(self, figure: Figure) -> FigureFiles | None:
        """The figure of the earlier report, if it was made from the same data."""
        origin = Origin.of(figure.draw)
        if origin is None:
            return None
        self._origins[figure.name] = origin
        kept = self._kept.get(figure.name)
        if kept is None or not kept.origin.same_data(origin):
            return None
        return self._earlier.taken_over(figure.name, kept, origin.rows)

    @cached_property
    def _kept(self) -> dict[str, Kept]:
        return read_kept(self._earlier.folder, self._software)

    @cached_property
    def _software(self) -> str:
        return software()

    def _hand_out(self) -> None:
        """Hands the figures that wait to the processes."""
        with hidden_from_children(), suppress(BrokenProcessPool):  # the parent ends the pool
            if self._pool is None:
                style.prepare()  # once, and not in each process
                fork = multiprocessing.get_context("fork")
                self._pool = ProcessPoolExecutor(min(usable_cores(), MOST_PROCESSES), fork, _start_worker)
            for figure in self._waiting:
                drawn = self._pool.submit(self._earlier.drawn, figure.name, figure.draw)
                self._by_pool[figure.name] = drawn
        self._waiting.clear()

    def _drawn(self, figure: Figure) -> FigureFiles:
        """A figure that a process has drawn, or else is drawn here."""
        by_pool = self._by_pool.get(figure.name)
        if by_pool is not None and by_pool.exception() is None:
            return by_pool.result()
        return self._earlier.drawn(figure.name, figure.draw)


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
