"""Draws figures in several processes at once, each saved as SVG, PNG and PDF.

The SVG says all that is drawn. Where an earlier report has the same one, made by the same software, its PNG
and PDF are taken over; most figures of a report are those of the one before. `drawn.json` has a checksum of
the three files of each figure, so that damaged or altered ones are made anew.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fontTools
import matplotlib as mpl

from benchmark.console.signals import end_with_parent, hidden_from_children
from benchmark.report.blocks import Figure
from benchmark.report.figures import fonts
from benchmark.report.figures.style import as_pdf, as_png, as_svg, styled
from benchmark.settings import usable_cores
from benchmark.storage.files import write_json
from benchmark.storage.reading import or_empty, read_json_object

#: Each process holds a copy of matplotlib in memory, so more than this gain nothing.
MOST_PROCESSES = 8

#: The file with a checksum of each figure's three files, by the name of the figure.
CHECKSUMS = "drawn.json"
#: Counts what changes PNG or PDF, and not the SVG.
VERSION = 1


@dataclass(frozen=True)
class _Work:
    """What is drawn, where to, and where an earlier report has its figures, with their checksums."""

    figures: Sequence[Figure]
    folder: Path
    earlier: Path
    checksums: dict[str, Any]

    def draw(self, index: int) -> str:
        """Draws a figure; returns the checksum of its files."""
        figure = self.figures[index]
        with styled():
            drawing = figure.draw()
            svg = as_svg(drawing)
            kept = self._kept(figure.name, svg)
            png, pdf = kept or (as_png(drawing), as_pdf(drawing))
        (self.folder / f"{figure.name}.svg").write_text(svg, encoding="utf-8")
        (self.folder / f"{figure.name}.png").write_bytes(png)
        (self.folder / f"{figure.name}.pdf").write_bytes(pdf)
        return _checksum(svg, png, pdf)

    def _kept(self, name: str, svg: str) -> tuple[bytes, bytes] | None:
        """The PNG and the PDF that were made from this SVG; None if there are none."""
        paths = [self.earlier / f"{name}.{kind}" for kind in ("png", "pdf")]
        if name not in self.checksums or not all(path.is_file() for path in paths):
            return None
        png, pdf = (path.read_bytes() for path in paths)
        return (png, pdf) if self.checksums[name] == _checksum(svg, png, pdf) else None


def _checksum(svg: str, png: bytes, pdf: bytes) -> str:
    """The SHA-256 of the software and of a figure in three formats."""
    software = f"{VERSION} {fonts.VERSION} {mpl.__version__} {fontTools.version}"
    digests = (hashlib.sha256(part).hexdigest() for part in (svg.encode(), png, pdf))
    return hashlib.sha256(" ".join((software, *digests)).encode()).hexdigest()


#: What a worker process draws. Set once, when the process starts.
_work: _Work | None = None


def draw_all(
    figures: Sequence[Figure], folder: Path, say: Callable[[str], None], earlier: Path | None = None
) -> None:
    """Writes NAME.svg, NAME.png and NAME.pdf of each figure into the folder, the same bytes whoever draws.

    `earlier` is the folder with the figures of an earlier report; it may be missing.

    On Linux there is one process a core. Figures that a process failed to draw, or that were left when a
    process was killed, are drawn again here, after all processes have ended; so a half-written file is
    always replaced, and an error in drawing is raised here.
    """
    earlier = earlier or folder
    work = _Work(figures, folder, earlier, or_empty(lambda: read_json_object(earlier / CHECKSUMS)))
    done: dict[int, str] = {}

    def note(index: int, checksum: str) -> None:
        done[index] = checksum
        if len(done) % 10 == 0 or len(done) == len(figures):
            say(f"report: {len(done)} of {len(figures)} figures drawn")

    workers = min(usable_cores(), MOST_PROCESSES, len(figures) // 2)
    if workers > 1 and sys.platform == "linux":
        with suppress(BrokenProcessPool):
            fonts.families()  # once, and not in each process
            _draw_in_processes(work, workers, note)
    for index in sorted(set(range(len(figures))) - set(done)):
        note(index, work.draw(index))
    write_json(folder / CHECKSUMS, {figures[index].name: checksum for index, checksum in done.items()})


def _draw_in_processes(work: _Work, workers: int, note: Callable[[int, str], None]) -> None:
    # A forked process inherits the figures, which hold functions that cannot be pickled.
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, fork, _start_worker, (work,)) as pool:
        try:
            with hidden_from_children():  # the parent ends the pool
                futures = {pool.submit(_draw_numbered, index): index for index in range(len(work.figures))}
            for future in as_completed(futures):
                if future.exception() is None:
                    note(futures[future], future.result())
        except BaseException:
            for process in multiprocessing.active_children():  # a figure can take long, and is not needed
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _start_worker(work: _Work) -> None:
    global _work
    _work = work
    end_with_parent()


def _draw_numbered(index: int) -> str:
    assert _work is not None
    return _work.draw(index)
