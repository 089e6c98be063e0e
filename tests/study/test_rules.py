"""The rules of a verdict, held to made-up quantities."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import UserError
from benchmark.record.blocks import BlockLosses
from benchmark.settings import choices
from benchmark.study.claim import read_claim
from benchmark.study.quantities import (
    Quantity,
    counted,
    crossed_mean,
    least,
    most,
    over_seeds,
    perplexity_ratio,
    share,
)
from benchmark.study.rules import Rule, judge, verdict


def between(low: float, high: float) -> Quantity:
    return Quantity((low + high) / 2, low, high, "3 seeds")


@pytest.mark.parametrize(
    ("bounds", "quantity", "outcome"),
    [
        ({"above": 1}, between(1.1, 2), "holds"),
        ({"above": 1}, between(0.9, 2), "undecided"),
        ({"above": 1}, between(0.5, 0.9), "fails"),
        ({"above": 1}, counted(1), "fails"),
        ({"at_least": 1}, counted(1), "holds"),
        ({"below": 1}, counted(1), "fails"),
        ({"at_most": 1}, counted(1), "holds"),
        ({"below": 1}, between(0.5, 1), "undecided"),
        ({"at_least": 0.9, "at_most": 1.1}, between(0.95, 1.05), "holds"),
        ({"at_least": 0.9, "at_most": 1.1}, between(0.8, 1.05), "undecided"),
        ({"at_least": 0.9, "at_most": 1.1}, between(0.5, 2), "undecided"),
        ({"at_least": 0.9, "at_most": 1.1}, between(1.2, 2), "fails"),
        ({"below": 100}, Quantity(math.inf, 50, math.inf, "2 seeds"), "undecided"),
        ({"above": 0}, Quantity(1, -math.inf, math.inf, "1 seed"), "undecided"),
    ],
)
def test_a_rule_holds_fails_or_is_undecided(
    bounds: dict[str, float], quantity: Quantity, outcome: str
) -> None:
    assert Rule("it is so", "it", **bounds).outcome(quantity) == outcome


def test_the_words_of_a_rule_follow_its_bounds() -> None:
    says = "From {at_least} to {at_most}, {at_least:%} to {at_most:%}, within {at_most:±%}"
    rule = Rule(says, "it", at_least=-0.05, at_most=1.1)
    assert rule.said == "From −0.05 to 1.1, −5% to 110%, within 10%"
    assert Rule(says, "it", at_least=0.5, at_most=0.8).said == "From 0.5 to 0.8, 50% to 80%, within 20%"
    for wrong in ("{below}", "{at_least:.2f}", "{it}"):
        with pytest.raises(ValueError, match=r"`says` has .* which is none of its bounds: {at_least}"):
            Rule(f"It is {wrong}", "it", at_least=1)


#: How a bound may stand in words that would not follow it.
WORDS = {0.5: ("half", "most"), 0.1: ("tenth",), 0.25: ("quarter",), 2: ("twice",), 10: ("ten",)}


@pytest.mark.parametrize("name", choices("study"))
def test_no_rule_of_a_study_states_its_bound_in_words_that_stay(name: str) -> None:
    for rule in read_claim(name).rules:
        words = re.findall(r"[^\W\d_]+|\d[\d,.]*\d%?|\d%?", re.sub(r"\{.*?\}", "", rule.says.lower()))
        for bound in (rule.above, rule.at_least, rule.below, rule.at_most):
            if bound is None or bound in (0, 1):  # which words like "fewer" and numbers like "1 layer" have
                continue
            numbers = {f"{abs(bound):g}", f"{100 * bound:g}%", f"{100 * abs(bound - 1):g}%"}
            assert not (numbers | set(WORDS.get(bound, ()))).intersection(words), rule.says


@given(st.floats(-9, 9), st.floats(0, 9), st.floats(-9, 9))
def test_a_bound_and_its_opposite_never_agree(low: float, width: float, bound: float) -> None:
    quantity = between(low, low + width)
    opposite = {"holds": "fails", "fails": "holds", "undecided": "undecided"}
    above = Rule("", "it", above=bound).outcome(quantity)
    assert Rule("", "it", at_most=bound).outcome(quantity) == opposite[above]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2, 3], "holds"),
        ([0, 0.5], "does not hold here"),
        ([2, 0.5], "holds in part"),
        ([2, None], "holds in part"),
        ([0, None], "undecided"),
        ([None], "undecided"),
    ],
)
def test_the_verdict_follows_from_the_rules(values: list[float | None], expected: str) -> None:
    rules = [Rule("", f"q{place}", above=1) for place in range(len(values))]
    quantities = {
        f"q{place}": between(0, 9) if value is None else counted(value) for place, value in enumerate(values)
    }
    assert verdict(judge(rules, quantities)) == expected


def test_a_rule_must_have_a_bound_and_a_quantity() -> None:
    with pytest.raises(ValueError, match="needs a bound"):
        Rule("it is so", "it")
    with pytest.raises(UserError, match=r"no quantity 'other'.*there are it"):
        judge([Rule("", "other", above=0)], {"it": counted(1)})


def test_intervals_are_those_of_tables() -> None:
    values = [3.1, 2.9, 3.3, 3.0]
    found = over_seeds(values)
    half = 3.18245 * np.std(values, ddof=1) / 2  # Student's t for 95% and three degrees of freedom
    np.testing.assert_allclose((found.low, found.high), (3.075 - half, 3.075 + half), rtol=1e-4)
    assert (found.value, found.basis) == (pytest.approx(3.075), "4 seeds")
    ratio = share(3, 10, "runs")  # Wilson's interval, as scipy 1.16 gives it
    np.testing.assert_allclose((ratio.low, ratio.high), (0.10779, 0.60322), rtol=1e-4)


def test_one_seed_decides_nothing_and_a_diverged_one_is_infinite() -> None:
    assert over_seeds([3.0]).low == -math.inf
    diverged = over_seeds([3.0, math.inf])
    assert (diverged.value, diverged.low, diverged.high) == (math.inf, 3.0, math.inf)
    with pytest.raises(ValueError, match="NaN"):
        over_seeds([math.nan])


def test_a_ratio_of_runs_covers_blocks_and_seeds_and_is_infinite_where_one_diverged() -> None:
    def run(*nll: float, status: str = "ok") -> Any:
        blocks = BlockLosses("documents", np.array([100, 100, 100]), np.array(nll)) if nll else None
        return SimpleNamespace(result=SimpleNamespace(status=status), blocks=blocks)

    runs, others = [run(210, 190, 200), run(220, 200, 210)], [run(200, 180, 190)]
    found = perplexity_ratio(runs, others)
    assert (found.value, found.basis) == (pytest.approx(math.exp(0.15)), "3 documents, 2 seeds")
    assert found.low < found.value < found.high
    diverged = [run(210, 190, 200), run(status="diverged")]
    assert perplexity_ratio(diverged, others).value == math.inf
    assert perplexity_ratio(runs, diverged).value == 0
    with pytest.raises(ValueError, match="same blocks"):
        perplexity_ratio(runs, [run()])


def test_the_least_is_above_a_bound_only_if_all_are() -> None:
    several = [between(1, 5), between(2, 3)]
    assert (least(several).low, least(several).high) == (1, 3)
    assert (most(several).low, most(several).high) == (2, 5)


def test_a_mean_over_places_and_seeds_has_an_interval_of_both() -> None:
    places = np.linspace(-1, 1, 50)
    once = crossed_mean([places.tolist()], "place")
    assert once.value == pytest.approx(0, abs=1e-12)
    assert once.basis == "50 places, 1 seed"
    half = 2.0096 * np.std(places, ddof=1) / np.sqrt(50)  # Student's t for 49 degrees of freedom
    np.testing.assert_allclose((once.low, once.high), (-half, half), rtol=0.05)
    seeds = crossed_mean([(places + shift).tolist() for shift in (-1, 0, 1)], "place")
    assert seeds.high > 2 * once.high
    paired = crossed_mean([(places + 1).tolist()], "place", less=[places.tolist()])
    assert (paired.value, paired.low, paired.high) == pytest.approx((1, 1, 1))
    assert crossed_mean([[0.0] * 5], "place").high == 0


@pytest.mark.parametrize(
    "bounds",
    [
        {"above": 20.0, "below": 10.0},
        {"above": 1.0, "below": 1.0},
        {"at_least": 1.0, "below": 1.0},
        {"at_least": 2.0, "at_most": 1.0},
    ],
)
def test_a_rule_that_no_number_keeps_is_refused(bounds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no number is"):
        Rule("", "n", **bounds)


@pytest.mark.parametrize("bound", [math.inf, -math.inf])
def test_a_bound_is_finite(bound: float) -> None:
    with pytest.raises(ValueError, match="a bound is a finite number"):
        Rule("", "n", above=bound)


def test_a_rule_may_ask_for_one_number() -> None:
    assert Rule("", "n", at_least=1.0, at_most=1.0).outcome(Quantity(1.0, 1.0, 1.0, "counted")) == "holds"
