"""What a search may choose from: numbers inside their ranges, and values the command line reads back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from benchmark.search.space import DIGITS, Choices, Range, grid, literal

shares = st.floats(0, 1, allow_nan=False)
numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: float(f"{value:.{DIGITS}g}"))


@st.composite
def ranges(draw) -> Range:
    """Any sound range."""
    log = draw(st.booleans())
    if draw(st.booleans()):
        low = draw(st.integers(1 if log else -1000, 1000))
        high = low + draw(st.integers(1, 1000))
        step = None if log else draw(st.none() | st.integers(1, high - low))
        return Range(low=low, high=high, log=log, step=step)
    low = draw(numbers.filter(lambda value: value > 1e-6) if log else numbers)
    high = draw(numbers.filter(lambda value: value > low))
    return Range(low=low, high=high, log=log)


@given(ranges(), shares, numbers)
def test_every_number_chosen_is_in_the_range_and_of_its_kind(space: Range, share: float, proposed: float):
    for value in (space.at(share), space.used(proposed)):
        assert space.low <= value <= space.high
        assert isinstance(value, int if space.whole else float)
    assert space.at(0.0) == space.low
    assert space.used(space.at(share)) == space.at(share)  # what was tried once is tried the same again


@given(ranges(), shares, shares)
def test_a_larger_share_is_no_smaller_number(space: Range, one: float, other: float):
    assert space.at(min(one, other)) <= space.at(max(one, other))


@given(st.integers(-50, 50), st.integers(1, 60), st.integers(1, 7))
def test_a_grid_holds_the_steps_and_nothing_else(low: int, length: int, step: int):
    step = min(step, length)
    values = Range(low=low, high=low + length, step=step).grid()
    assert values == list(range(low, low + length + 1, step))


def test_steps_of_a_tenth_are_tenths():
    assert Range(low=0.0, high=0.55, step=0.1).grid() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def test_logarithmic_shares_are_factors():
    assert Range(low=0.001, high=0.1, log=True).at(0.5) == pytest.approx(0.01)
    ones = [Range(low=1, high=1000, log=True).at(share / 1000) for share in range(1000)].count(1)
    assert ones / 1000 == pytest.approx(math.log(1.5 / 0.5) / math.log(1000.5 / 0.5), abs=0.01)


def test_a_grid_is_every_combination():
    space = {"a": Range(low=1, high=3), "b": Choices(choices=["x", None])}
    points = grid(space)
    assert len(points) == 6
    assert {(point["a"], point["b"]) for point in points} == {(a, b) for a in (1, 2, 3) for b in ("x", None)}
    with pytest.raises(ValueError, match="rate: a grid needs choices, or a range with a step"):
        grid({"rate": Range(low=0.1, high=0.5)})


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)
)
def test_the_command_line_reads_back_what_was_chosen(value: object):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    override = OverridesParser.create().parse_override(f"key={literal(value)}")
    assert not override.is_sweep_override()
    read = override.value()
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"low": 2, "high": 1}, "low=2 must be below high=1"),
        ({"low": 1.0, "high": 1.0}, r"low=1\.0 must be below"),
        ({"low": 0.0, "high": 1.0, "log": True}, r"log needs a low above 0, not 0\.0"),
        ({"low": 1, "high": 8, "log": True, "step": 1}, "either log or step"),
        ({"low": 1, "high": 3, "step": 5}, "step=5 must be above 0 and fit"),
        ({"low": 1, "high": float("inf")}, "finite"),
    ],
)
def test_a_range_that_is_none_is_refused(options: dict, said: str):
    with pytest.raises(ValidationError, match=said):
        Range(**options)


@pytest.mark.parametrize(("values", "said"), [([], "two or more values"), ([3, 5, 3], "holds a value twice")])
def test_choices_that_are_none_are_refused(values: list, said: str):
    with pytest.raises(ValidationError, match=said):
        Choices(choices=values)
