"""Figures drawn in several processes: the same files as from one, even when a process is killed."""

from __future__ import annotations

import contextlib
import io
import multiprocessing.connection
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import matplotlib
import pytest

from benchmark.report import draw, figure_files
from benchmark.report.blocks import Figure
from benchmark.report.figures.style import as_pdf, as_png
from benchmark.report.tables import Table

PARENT = os.getpid()


def canvas(title: str):
    from benchmark.report.figures.style import canvas

    figure, axes = canvas()
    axes.set_xlabel(title)
    return figure


def figures(number: int, drawing=canvas) -> list[Figure]:
    data = Table("data", "", (), ())
    return [Figure(f"f{i}", "", "", "", partial(drawing, f"Figure {i}"), data) for i in range(number)]


def killed_in_a_worker(title: str):
    if title == "Figure 1" and os.getpid() != PARENT:
        os.kill(os.getpid(), signal.SIGKILL)
    return canvas(title)


def failing(title: str):
    if title == "Figure 2":
        raise ValueError("no data")
    return canvas(title)


def sleeping(title: str):
    time.sleep(60)


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(draw, "usable_cores", lambda: 2)


def draw_all(figures: list[Figure], folder: Path, say=lambda line: None, earlier=Path("missing")) -> None:
    with draw.drawing(say, earlier) as drawer:
        for figure in figures:
            drawer.add(figure)
        list(drawer.write(folder, figures))


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("drawing", [canvas, killed_in_a_worker], ids=["undisturbed", "a worker killed"])
def test_the_files_are_those_of_one_process(tmp_path, monkeypatch, drawing):
    several, alone = tmp_path / "several", tmp_path / "alone"
    several.mkdir()
    alone.mkdir()
    said: list[str] = []
    draw_all(figures(5, drawing), several, said.append)
    monkeypatch.setattr(draw, "usable_cores", lambda: 1)
    draw_all(figures(5), alone)
    assert written(several) == written(alone)
    assert len(written(several)) == 16
    assert said == ["report: 5 of 5 figures drawn"]


def test_unchanged_figures_are_taken_over_unless_they_were_damaged(tmp_path, monkeypatch):
    folders = [tmp_path / name for name in ("first", "second", "third")]
    for folder in folders:
        folder.mkdir()
    made: list[str] = []

    def counted(drawing):
        made.append(drawing.axes[0].get_xlabel())
        return as_png(drawing)

    monkeypatch.setattr(figure_files, "as_png", counted)
    monkeypatch.setattr(draw, "usable_cores", lambda: 1)
    first, second, third = folders
    draw_all(figures(3), first)
    assert made == ["Figure 0", "Figure 1", "Figure 2"]
    changed = [*figures(2), *[replace(one, name="f2") for one in figures(4)[3:]]]
    whole = (first / "f1.pdf").read_bytes()
    (first / "f1.pdf").write_bytes(whole[:-1] + b"?")
    draw_all(changed, second, earlier=first)
    assert made[3:] == ["Figure 1", "Figure 3"]
    assert (second / "f1.pdf").read_bytes() == whole
    assert (second / "f0.png").read_bytes() == (first / "f0.png").read_bytes()
    (second / draw.CHECKSUMS).write_text("damaged")
    draw_all(changed, third, earlier=second)
    assert len(made) == 8
    assert written(third) == {**written(second), draw.CHECKSUMS: (third / draw.CHECKSUMS).read_bytes()}


def test_a_small_font_draws_what_the_whole_one_draws():
    """Letters stand where they stood, and signs that the small font lacks are taken from the whole one."""
    from benchmark.report.figures import style
    from benchmark.report.figures.fonts import SMALL, WHOLE, families

    def drawn(fonts: tuple[str, ...]) -> bytes:
        with style.styled(), matplotlib.rc_context({"font.family": fonts}):
            figure = canvas("AVA To. Kneser–Ney ∞ ≤ × Ж ♞")
            figure.axes[0].set_ylabel("bold Tr", fontweight="bold")
            return as_png(figure)

    assert families() == (SMALL, WHOLE)
    assert drawn(families()) == drawn((WHOLE,))


def test_a_pdf_holds_its_font_once():
    """Also where a text has signs beyond Latin-1."""
    from benchmark.report.figures.style import styled

    with styled():
        pdf = as_pdf(canvas("Kneser–Ney’s ∞, 12 more ›"))
    assert pdf.count(b"/FontFile2") == 1


@pytest.mark.usefixtures("two_cores")
def test_an_error_in_drawing_is_raised(tmp_path):
    with pytest.raises(ValueError, match="no data"):
        draw_all(figures(5, failing), tmp_path)


WAITING = """
import os, sys, time
from pathlib import Path
from benchmark.report import draw, figure_files
from benchmark.report.blocks import Figure
from benchmark.report.tables import Table
draw.usable_cores = lambda: 2
def wait():
    print(os.getpid(), flush=True)
    time.sleep(60)
with draw.drawing(print, Path("missing")) as drawer:
    figures = [Figure(str(i), "", "", "", wait, Table("", "", (), ())) for i in range(4)]
    for figure in figures:
        drawer.add(figure)
    list(drawer.write(Path("."), figures))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="several processes draw on Linux only")
def test_no_process_outlives_a_killed_parent(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert parent.stdout is not None
    assert len({parent.stdout.readline() for _ in range(2)}) == 2  # two workers are drawing
    parent.kill()
    parent.communicate(timeout=20)  # ends once no process holds the pipe any more


@pytest.mark.usefixtures("two_cores")
def test_figures_that_cannot_be_sent_to_a_process_are_drawn_all_the_same(tmp_path):
    draw_all(figures(5, lambda title: canvas(title)), tmp_path)
    assert len(written(tmp_path)) == 16


@pytest.mark.skipif(sys.platform != "linux", reason="several processes draw on Linux only")
@pytest.mark.usefixtures("two_cores")
def test_an_error_while_figures_are_drawn_ends_the_processes():
    started = []

    def built():
        with draw.drawing(print, Path("missing")) as drawer:
            for figure in figures(5, sleeping):
                drawer.add(figure)
            started.extend(process.sentinel for process in multiprocessing.active_children())
            raise ValueError("no section")

    with pytest.raises(ValueError, match="no section"):
        built()
    assert len(started) == 2
    for sentinel in started:
        assert multiprocessing.connection.wait([sentinel], timeout=20)


def test_a_font_is_read_at_once_while_figures_are_drawn(tmp_path):
    """And whoever opens a file otherwise, or meanwhile, gets what was asked for."""
    from benchmark.report.figures.fonts import read_at_once

    usual, file = io.open, tmp_path / "font"
    file.write_bytes(bytes(50_000))
    with read_at_once():
        with io.open(file, "rb") as font:  # noqa: UP020 (matplotlib opens fonts so)
            font.read(1)
            assert font.raw.tell() == 50_000
        with file.open("rb", buffering=0) as unbuffered:
            assert isinstance(unbuffered, io.FileIO)
        with file.open(encoding="utf-8") as text:
            assert text.read(3) == "\0\0\0"
    assert io.open is usual


def test_texts_that_are_laid_out_once_look_the_same(monkeypatch):
    """In each format, whose measures of a text differ; turned, aligned and large ones, too."""
    from benchmark.report.figures import style, text_layout

    def drawn() -> list[object]:
        figure, axes = style.canvas()
        axes.plot([1, 2, 3], [30, 10, 20])
        for index, more in enumerate(({}, {"rotation": 90}, {"ha": "right"}, {"va": "top"}, {"size": 17})):
            axes.text(1 + index / 4, 15, "counts\nand backoff" if index else "Kneser‐Ney", **more)
        figure.text(0.5, 0.5, "a long label that has to be broken " * 3, wrap=True)
        return [form(figure) for form in (style.as_svg, style.as_png, style.as_pdf, style.as_png)]

    with style.styled():
        shared, again = drawn(), drawn()
    assert text_layout._layouts
    monkeypatch.setattr(style, "laid_out_once", contextlib.nullcontext)
    with style.styled():
        alone = drawn()
    assert shared == again == alone
