"""Draws figures in several processes at once, each saved as SVG, PNG and PDF.

Most figures of a report are those of the one before. Where the earlier report made one from the same data
with the same software (see `kept_figures`), its files are taken over. Where it has the same SVG, which says
all that is drawn, its PNG and PDF are. `drawn.json` has a checksum of the three files of each figure, so that
damaged or altered ones are made anew.
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
from benchmark.errors import UserError
from benchmark.report.blocks import Figure
from benchmark.report.figures import fonts
from benchmark.report.figures.style import as_pdf, as_png, as_svg, styled
from benchmark.report.kept_figures import (
    Kept,
    Origin,
    is_drawing,
    read_kept,
    renumbered,
    software,
    write_kept,
)
from benchmark.settings import usable_cores
from benchmark.storage.files import write_json
from benchmark.storage.reading import MOST_BYTES, open_regular, or_empty, read_json_object

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
        return self._written(figure.name, svg, png, pdf)

    def take_over(self, index: int, rows: Sequence[int], kept: Kept) -> str | None:
        """Takes over a figure of the earlier report, with other numbers of rows; returns the checksum of its
        files, or None if they are not there as they were written."""
        name = self.figures[index].name
        svg, png, pdf = (self._read(name, kind) for kind in ("svg", "png", "pdf"))
        drawn = svg.decode("utf-8", errors="replace")
        if _checksum(drawn, png, pdf) != kept.files or not is_drawing(drawn):
            return None
        return self._written(name, renumbered(drawn, kept.origin.rows, rows), png, pdf)

    def _kept(self, name: str, svg: str) -> tuple[bytes, bytes] | None:
        """The PNG and the PDF that were made from this SVG; None if there are none."""
        png, pdf = (self._read(name, kind) for kind in ("png", "pdf"))
        return (png, pdf) if self.checksums.get(name) == _checksum(svg, png, pdf) else None

    def _read(self, name: str, kind: str) -> bytes:
        """A file of the earlier report, which may be odd; empty where it cannot be read."""
        with suppress(OSError, UserError), open_regular(self.earlier / f"{name}.{kind}") as file:
            return file.read(MOST_BYTES)
        return b""

    def _written(self, name: str, svg: str, png: bytes, pdf: bytes) -> str:
        for kind, content in (("svg", svg.encode()), ("png", png), ("pdf", pdf)):
            (self.folder / f"{name}.{kind}").write_bytes(content)
        return _checksum(svg, png, pdf)


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
    made = {index: origin for index, one in enumerate(figures) if (origin := Origin.of(one.draw))}
    now = software() if made else ""
    kept = _take_over(work, made, read_kept(earlier, now))
    if kept:
        say(f"report: {len(kept)} of {len(figures)} figures are those of the report before")
    wanted = [index for index in range(len(figures)) if index not in kept]
    done: dict[int, str] = {}

    def note(index: int, checksum: str) -> None:
        done[index] = checksum
        if len(done) % 10 == 0 or len(done) == len(wanted):
            say(f"report: {len(done)} of {len(wanted)} figures drawn")

    workers = min(usable_cores(), MOST_PROCESSES, len(wanted) // 2)
    if workers > 1 and sys.platform == "linux":
        with suppress(BrokenProcessPool):
            fonts.families()  # once, and not in each process
            _draw_in_processes(work, wanted, workers, note)
    for index in [index for index in wanted if index not in done]:
        note(index, work.draw(index))
    checksums = {**kept, **done}
    write_json(folder / CHECKSUMS, {figures[index].name: checksums[index] for index in sorted(checksums)})
    write_kept(
        folder, now, {figures[index].name: Kept(made[index], checksums[index]) for index in sorted(made)}
    )


def _take_over(work: _Work, made: dict[int, Origin], earlier: dict[str, Kept]) -> dict[int, str]:
    """Takes over the figures that were made from the same data; the checksums of their files, by index."""
    taken: dict[int, str] = {}
    for index, origin in made.items():
        kept = earlier.get(work.figures[index].name)
        if kept is None or not kept.origin.same_data(origin):
            continue
        if (checksum := work.take_over(index, origin.rows, kept)) is not None:
            taken[index] = checksum
    return taken


def _draw_in_processes(
    work: _Work, wanted: Sequence[int], workers: int, note: Callable[[int, str], None]
) -> None:
    # A forked process inherits the figures, which hold functions that cannot be pickled.
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, fork, _start_worker, (work,)) as pool:
        try:
            with hidden_from_children():  # the parent ends the pool
                futures = {pool.submit(_draw_numbered, index): index for index in wanted}
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
