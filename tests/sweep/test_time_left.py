"""The time left of a sweep, on a clock that is simulated."""

from __future__ import annotations

import random

import pytest

from benchmark.record.progress import Progress, Throttle, clock_time, rough_time
from benchmark.sweep.time_left import TimeLeft


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_runs_in_progress_and_like_runs_tell_what_is_left() -> None:
    """Two runs of an hour are nearly done, one of a minute waits: what has ended tells nothing of that."""
    clock = Clock()
    left = TimeLeft({"a": "lstm", "b": "lstm", "c": "kneser"}, {"c": 60.0}, workers=2, clock=clock)
    assert left.seconds() is None
    left.start("a")
    left.start("b")
    clock.now = 3480
    left.advance("a", Progress(9667, 10_000, 3480.0))
    left.advance("b", Progress(9667, 10_000, 3480.0))
    assert left.seconds() == pytest.approx(120 + 60, rel=0.01)
    clock.now = 3600
    left.end("a")
    left.start("c")
    assert left.seconds() == pytest.approx(60, rel=0.01)


def test_waiting_runs_are_dealt_to_the_workers_in_order() -> None:
    clock = Clock()
    kinds = {name: name for name in "abcd"}
    earlier = {"a": 10.0, "b": 10.0, "c": 10.0, "d": 100.0}
    assert TimeLeft(kinds, earlier, workers=2, clock=clock).seconds() == 110
    assert TimeLeft(kinds, earlier, workers=1, clock=clock).seconds() == 130
    assert TimeLeft(kinds, earlier, workers=None, clock=clock).seconds() == 100


def test_durations_measured_on_a_faster_machine_are_scaled() -> None:
    clock = Clock()
    left = TimeLeft({"a": "x", "b": "y"}, {"a": 10.0, "b": 20.0}, workers=1, clock=clock)
    left.start("a")
    clock.now = 30
    left.end("a")
    assert left.seconds() == 60


def test_seeds_of_a_model_take_as_long_as_the_first_and_an_unknown_one_as_long_as_the_mean() -> None:
    clock = Clock()
    left = TimeLeft({("x", 1): "x", ("x", 2): "x", "y": "y"}, {}, workers=1, clock=clock)
    left.start(("x", 1))
    clock.now = 40
    left.end(("x", 1))
    assert left.seconds() == 40 + 40
    left.start(("x", 2))
    clock.now = 50
    assert left.seconds() == 30 + 40


def test_the_estimate_is_within_a_fifth_once_every_model_has_run_for_a_while() -> None:
    """A simulated sweep of three models, four seeds each, on two workers; their rates vary by a tenth."""
    clock, draw = Clock(), random.Random(1)
    seconds = {"small": 20.0, "medium": 120.0, "large": 600.0}
    takes = {(m, s): t * draw.uniform(0.9, 1.1) for m, t in seconds.items() for s in range(4)}
    left = TimeLeft({run: run[0] for run in takes}, {}, workers=2, clock=clock)
    waiting, running, estimates = list(takes), {}, []
    while waiting or running:
        while waiting and len(running) < 2:
            running[waiting.pop(0)] = clock.now
            left.start(list(running)[-1])
        clock.now += 5
        for run, begun in list(running.items()):
            spent = clock.now - begun
            if spent >= takes[run]:
                left.end(run)
                del running[run]
            else:
                left.advance(run, Progress(round(1e6 * spent / takes[run]), 1_000_000, spent))
        estimates.append((clock.now, left.seconds()))
    end = clock.now
    large_begun = 4 * 20 / 2 + 4 * 120 / 2 + 60
    for now, estimate in estimates:
        if large_begun < now < end:
            assert estimate == pytest.approx(end - now, rel=0.2, abs=15)


def test_a_log_gets_lines_more_and_more_rarely() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    times = []
    while clock.now < 7200:
        clock.now += 3.6
        if throttle.due():
            times.append(clock.now)
    assert times[0] == pytest.approx(10.8)
    assert 50 < len(times) < 400
    assert times[-1] - times[-2] > 100


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "10 s"), (42, "40 s"), (80, "1 min"), (200, "3 min"), (9000, "2.5 h"), (260_000, "3 days")],
)
def test_durations_are_rough(seconds: float, text: str) -> None:
    assert rough_time(seconds) == text


def test_clock_times_have_hours_where_there_are_any() -> None:
    assert (clock_time(204), clock_time(3804)) == ("3:24", "1:03:24")


def test_progress_is_one_line_and_no_other_line_is_progress() -> None:
    progress = Progress(4_300, 10_000, 2.0, {"loss": float("nan"), "epoch": 0.5})
    line = progress.to_line()
    assert "\n" not in line
    back = Progress.from_line(line)
    assert back is not None
    assert (back.done, back.total, back.rate) == (4_300, 10_000, 2_150)
    assert Progress.from_line("progress {}") is None
    assert Progress.from_line(line[:20]) is None
    assert progress.described().startswith("43% of 10,000 tokens, 2,150 tokens/s, 0:03 left, loss nan")
