"""Proposals: the same for the same search, whatever it is told by."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmark.search.search_file import SearchSettings
from benchmark.search.space import Point
from benchmark.search.study import Study

SPACE = {
    "rate": {"low": 1e-4, "high": 1.0, "log": True},
    "layers": {"low": 1, "high": 4},
    "skip": {"choices": ["none", "residual", None]},
}


def settings(sampler: str, trials: int = 20, seed: int = 1, **space: dict) -> SearchSettings:
    return SearchSettings(
        description="", base="", space=space or SPACE, trials=trials, sampler=sampler, seed=seed
    )


def loss(point: Point) -> float:
    """Lowest at a rate of 0.01 and three layers; too high a rate fails."""
    from math import log10

    rate, layers = point.get("rate", 0.01), point.get("layers", 3)
    return float("nan") if rate > 0.5 else 100 + 10 * abs(log10(rate) + 2) + abs(layers - 3)  # type: ignore[operator,arg-type]


def proposed(
    search: SearchSettings,
    value: Callable[[Point], float | None] = loss,
    batch: int = 4,
    first: Point | None = None,
) -> list[Point]:
    study, points = Study(search, first), []
    while len(points) < study.trials:
        asked = [study.ask() for _ in range(min(batch, study.trials - len(points)))]
        assert [number for number, _ in asked] == list(range(len(points), len(points) + len(asked)))
        for number, point in asked:
            study.tell(number, value(point))
        points += [point for _, point in asked]
    return points


@pytest.mark.parametrize("sampler", ["tpe", "random", "quasi-random"])
def test_the_same_search_proposes_the_same_trials_and_a_longer_one_begins_with_them(sampler: str):
    points = proposed(settings(sampler))
    assert points == proposed(settings(sampler))
    assert proposed(settings(sampler, trials=28))[:20] == points
    assert proposed(settings(sampler, seed=2)) != points
    assert all(1e-4 <= point["rate"] <= 1.0 and point["layers"] in (1, 2, 3, 4) for point in points)
    assert {point["skip"] for point in points} == {"none", "residual", None}


@pytest.mark.parametrize("sampler", ["random", "quasi-random"])
def test_samplers_that_do_not_learn_take_no_heed_of_outcomes(sampler: str):
    points = proposed(settings(sampler))
    assert points == proposed(settings(sampler), lambda point: None)
    assert points == proposed(settings(sampler), batch=1)


def test_the_one_that_learns_comes_nearer():
    better = 0
    for seed in range(5):
        points = proposed(settings("tpe", trials=40, seed=seed))
        losses = [loss(point) for point in points]
        first, last = sorted(losses[:20]), sorted(losses[20:])
        better += last[10] < first[10]
    assert better == 5


def test_a_grid_is_made_once_whole_and_no_further():
    space = {"layers": {"low": 1, "high": 4}, "skip": {"choices": ["none", "residual"]}}
    points = proposed(settings("grid", trials=100, **space))
    assert len(points) == len({tuple(point.values()) for point in points}) == 8
    assert proposed(settings("grid", trials=3, **space)) == points[:3]
    assert proposed(settings("grid", trials=100, **space), lambda point: None) == points
    assert proposed(settings("grid", trials=100, seed=2, **space)) != points


def test_quasi_random_points_leave_no_gaps():
    space = {"x": {"low": 0.0, "high": 1.0}, "y": {"low": 0.0, "high": 1.0}}
    points = proposed(settings("quasi-random", trials=16, **space))
    cells = {(int(4 * point["x"]), int(4 * point["y"])) for point in points}
    assert len(cells) == 16  # 16 points of a Sobol sequence: one in each sixteenth of the square


def test_a_grid_that_begins_with_the_defaults_has_every_other_point_once():
    first: Point = {"layers": 3, "skip": "residual"}
    space = {"layers": {"low": 1, "high": 4}, "skip": {"choices": ["none", "residual"]}}
    others = [point for point in proposed(settings("grid", trials=100, **space)) if point != first]
    assert proposed(settings("grid", trials=100, **space), first=first) == [first, *others]
    assert proposed(settings("grid", trials=4, **space), first=first) == [first, *others[:3]]
