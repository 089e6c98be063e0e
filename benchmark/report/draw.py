"""Draw figures in several processes at once, each saved as SVG and PNG; the bytes depend on none of that."""

from __future__ import annotations

import multiprocessing
import os
import signal
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark.report.blocks import Figure
from benchmark.report.figures.style import save, styled

#: More processes than this wait for the disk and take memory: each holds a copy of matplotlib.
MOST = 8
_INDEX = struct.Struct("<H")
#: Bytes that any pipe takes without a reader: the indices of two thousand figures.
_PIPE = 4096


def draw_all(figures: Sequence[Figure], folder: Path, say: Callable[[str], None]) -> None:
    """Write NAME.svg and NAME.png of each figure into the folder.

    Where processes can be forked there is one a core. They take the figures' indices from one pipe and
    put those they have saved into another, so that nothing waits for a process that was killed, nor does
    one that has lost its parent. What they leave undone is drawn here, and its errors raised.
    """
    done: set[int] = set()

    def note(index: int) -> None:
        done.add(index)
        if len(done) % 10 == 0 or len(done) == len(figures):
            say(f"report: {len(done)} of {len(figures)} figures drawn")

    workers = min(_cores(), MOST, len(figures) // 2)
    if workers > 1 and sys.platform == "linux":
        _draw_apart(figures, folder, workers, note)
    for index in sorted(set(range(len(figures))) - done):
        _draw(figures[index], folder)
        note(index)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _draw(figure: Figure, folder: Path) -> None:
    with styled():
        svg, png = save(figure.draw())
    (folder / f"{figure.name}.svg").write_text(svg, encoding="utf-8")
    (folder / f"{figure.name}.png").write_bytes(png)


def _draw_apart(figures: Sequence[Figure], folder: Path, workers: int, note: Callable[[int], None]) -> None:
    indices = range(min(len(figures), _PIPE // _INDEX.size))
    tasks, filled = os.pipe()
    with os.fdopen(filled, "wb") as pipe:
        pipe.writelines(map(_INDEX.pack, indices))
    results, saved = os.pipe()
    fork = multiprocessing.get_context("fork")  # so that the figures need not be sent
    processes = [
        fork.Process(target=_work, args=(figures, folder, tasks, saved), daemon=True) for _ in range(workers)
    ]
    try:
        for process in processes:
            process.start()
        os.close(saved)  # now the results end when the last process does
        while index := os.read(results, _INDEX.size):
            note(_INDEX.unpack(index)[0])
    finally:
        for process in processes:
            process.kill()
            process.join()
        os.close(tasks)
        os.close(results)


def _work(figures: Sequence[Figure], folder: Path, tasks: int, saved: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    parent = os.getppid()
    while os.getppid() == parent and (index := os.read(tasks, _INDEX.size)):
        try:
            _draw(figures[_INDEX.unpack(index)[0]], folder)
        except Exception:  # the parent meets it again and says what it is
            continue
        os.write(saved, index)
