"""The training curve: when each of its rows was seen, also across an interruption, and how it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.measure.energy import EnergyMeter
from benchmark.record import log as logging
from benchmark.record.curve import Validation, read_curve, validations
from benchmark.record.log import FileRunLog


class Clock:
    """A clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(logging.time, "perf_counter", lambda: self.now)


def begun(folder: Path) -> FileRunLog:
    log = FileRunLog(folder, "model", EnergyMeter())
    log.start_clock()
    return log


def test_rows_have_the_seconds_of_training_without_evaluations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    with begun(tmp_path) as log:
        log.curve(tokens=0, valid_perplexity=900.0)
        clock.now = 2.0
        with log.evaluation():
            clock.now = 50.0
        log.curve(tokens=100, valid_perplexity=80.0)
        clock.now = 53.5
        log.curve(tokens=200, train_loss=4.0)
    assert [row["seconds"] for row in read_curve(tmp_path)] == [0.0, 2.0, 5.5]
    assert validations(tmp_path) == [Validation(0.0, 900.0, 0.0), Validation(100.0, 80.0, 2.0)]


def test_a_resumed_training_keeps_the_times_of_the_rows_it_repeats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    with begun(tmp_path) as log:
        for tokens in (100, 200, 300):  # the last of them is behind the checkpoint
            clock.now += 10.0
            log.curve(tokens=tokens, valid_perplexity=1000.0 / tokens)
    clock.now = 1000.0
    with begun(tmp_path) as log:
        log.resumed(21.0, 200)
        for tokens in (100, 200):
            log.curve(tokens=tokens, valid_perplexity=1000.0 / tokens)
        clock.now += 12.0
        log.curve(tokens=300, valid_perplexity=3.0)
    assert [(point.tokens, point.seconds) for point in validations(tmp_path)] == [
        (100.0, 10.0),
        (200.0, 20.0),
        (300.0, 33.0),
    ]


def test_rows_of_which_no_time_is_known_have_none(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("tokens,valid_perplexity\n100,10\n", encoding="utf-8")
    with begun(tmp_path) as log:
        log.resumed(21.0, 200)
        log.curve(tokens=100, valid_perplexity=10.0)
        log.curve(tokens=200, valid_perplexity=5.0)
    assert [point.seconds for point in validations(tmp_path)] == [None, None]


def test_validations_on_a_part_of_the_split_and_damaged_cells_are_left_out(tmp_path: Path) -> None:
    assert validations(tmp_path) == []
    text = "tokens,valid_perplexity,valid_head_perplexity,seconds\n"
    text += "300,7,,x\n100,,9,1\n,8,,2\n200,inf,,3\n250,-1,,4\n50,6,,0.5\n400,5"
    (tmp_path / "curve.csv").write_text(text, encoding="utf-8")
    assert validations(tmp_path) == [
        Validation(50.0, 6.0, 0.5),
        Validation(300.0, 7.0, None),
        Validation(400.0, 5.0, None),
    ]
