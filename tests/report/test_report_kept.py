"""Figures taken over from the report before: only those that would be the same, or a new one is drawn."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import matplotlib
import pytest
from synthetic_runs import PTB, SOTU, config, curve, finished, write_run

from benchmark.report import build_report, draw, kept_figures
from benchmark.report.blocks import Figure
from benchmark.report.figures.trials import trial_chart
from benchmark.report.kept_figures import is_drawing, read_kept, software
from benchmark.report.tables import Table
from benchmark.storage.checksums import unsealed

SAID = re.compile(r"report: (\d+) of \d+ figures (are those of the report before|drawn)")


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setattr(draw, "usable_cores", lambda: 1)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kept_and_drawn(said: list[str]) -> tuple[int, int]:
    numbers = {match[2]: int(match[1]) for line in said if (match := SAID.match(line))}
    return numbers.get("are those of the report before", 0), numbers.get("drawn", 0)


def test_a_report_draws_what_changed_and_nothing_else(tmp_path):
    def add(corpus: dict, model: str, family: str, *figures: float) -> Path:
        record = finished(corpus, model, model, family, figures)
        return write_run(tmp_path, record, config_yaml=config(model), curve_csv=curve(figures[0]))

    def built(out: str = "report") -> tuple[int, int]:
        said: list[str] = []
        build_report(tmp_path, tmp_path / out, said.append)
        return kept_and_drawn(said)

    add(PTB, "kn", "count", 141.2, 22.0, 1.5, 2e6)
    add(SOTU, "kn", "count", 71.2, 22.0, 1.5, 2e6)
    lstm = add(SOTU, "lstm", "neural", 60.0, 10.0, 60.0, 5e4)
    _, all_of_them = built()
    before = contents(tmp_path / "report")
    assert built() == (all_of_them, 0)
    assert contents(tmp_path / "report") == before

    record = lstm / "result.json"
    record.write_text(record.read_text().replace('"bytes_in_memory": 10', '"bytes_in_memory": 14'))
    (lstm / "curve.csv").write_text(curve(59.0, seed=2))  # read while figures are made; no part of the record
    assert built() == (all_of_them - 3, 3)  # perplexity by memory, and at equal memory; the training curve

    add(PTB, "abacus", "count", 125.0, 9.0, 50.0, 6e4)  # its row, and those of PTB, come before SOTU's
    kept, _ = built()
    assert kept == len(list((tmp_path / "report" / "figures").glob("*_sotu.svg"))) > 5
    built("from_scratch")
    assert contents(tmp_path / "report") == contents(tmp_path / "from_scratch")


@pytest.fixture
def drawn(tmp_path):
    """Draws three figures of so many trials into a folder, beside those of another; returns how many were
    kept and how many drawn."""
    data = Table("data", "", (), ())

    def into(name: str, earlier: str, trials: tuple[int, ...] = (3, 4, 5)) -> tuple[int, int]:
        said: list[str] = []
        (tmp_path / name).mkdir()
        figures = []
        for index, number in enumerate(trials):
            points = [(trial, 100.0 / trial) for trial in range(1, number + 1)]
            drawing = partial(trial_chart, points, points, number, 3.0, "perplexity")
            figures.append(Figure(f"f{index}", "", "", "", drawing, data))
        with draw.drawing(said.append, tmp_path / earlier) as drawer:
            for figure in figures:
                drawer.add(figure)
            list(drawer.write(tmp_path / name, figures))
        return kept_and_drawn(said)

    return into


def test_damaged_files_are_made_again(tmp_path, drawn):
    assert drawn("first", "none") == (0, 3)
    assert drawn("second", "first") == (3, 0)
    assert drawn("third", "second", (3, 4, 6)) == (2, 1)
    before = contents(tmp_path / "first")
    svg, png, pdf = (tmp_path / "first" / name for name in ("f0.svg", "f1.png", "f2.pdf"))
    svg.write_text(svg.read_text().replace("trial", "trail"))
    png.write_bytes(png.read_bytes()[:-1])
    pdf.unlink()
    assert drawn("again", "first") == (0, 3)
    assert contents(tmp_path / "again") == before == contents(tmp_path / "second")


def test_figures_of_other_software_are_drawn_again(tmp_path, drawn):
    drawn("first", "none")
    file = tmp_path / "first" / "kept.json"
    file.write_text(json.dumps({**unsealed(json.loads(file.read_text())), "software": "another"}))
    assert drawn("second", "first") == (0, 3)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"software": "s", "figures": 2}', '{"software": "s", "figures": {"f": [1]}}']
)
def test_an_odd_list_keeps_nothing(tmp_path, content):
    (tmp_path / "kept.json").write_text(content)
    assert read_kept(tmp_path, "s") == {}


def test_settings_and_libraries_are_part_of_the_software(monkeypatch):
    before = software()
    assert before == software()
    with monkeypatch.context() as patch:
        patch.setitem(matplotlib.rcParams, "xtick.major.pad", 9.0)
        assert software() != before
    monkeypatch.setattr(kept_figures, "installed_version", lambda package: "0.0")
    assert software() != before


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<g onload="alert(1)"/>',
        '<use href="https://example.org/a.svg#b"/>',
        "<foreignObject/>",
        '<rect style="fill: url(https://example.org/a.svg#b)"/>',
        "<style>@import 'https://example.org/a.css';</style>",
        "<g>",
    ],
)
def test_a_file_that_does_more_than_draw_is_not_taken_over(inside):
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><g style="fill: url(#a)"><use href="#b"/>{}</g></svg>'
    assert is_drawing(drawing.format("<text>url</text>"))
    assert not is_drawing(drawing.format(inside))
