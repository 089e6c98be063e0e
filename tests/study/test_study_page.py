"""How the page of studies writes numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from benchmark.report.tables import Table
from benchmark.settings import choices
from benchmark.study.claim import TOPICS, read_claim
from benchmark.study.conduct import Finding
from benchmark.study.page import _cells, _counted, interval, number, sections_of
from benchmark.study.quantities import Quantity, counted, unmeasured
from benchmark.study.rules import Rule, judge


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (4096, "4,096"),
        (0.92401, "0.9240"),
        (-0.034681, "−0.03468"),
        (-3.3e-16, "−3.3e−16"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers(value: float, shown: str) -> None:
    assert number(value) == shown


def test_intervals_and_bounds() -> None:
    assert interval(Quantity(0.9, -0.1, 1.5, "3 seeds")) == "−0.1000 to 1.500"
    assert interval(counted(3)) == "–"
    assert interval(unmeasured("there is no GPU here")) == "–"
    assert Rule("", "it", at_least=-0.05, below=2).bounds == "at least −0.05 and below 2"


@pytest.mark.parametrize(
    ("claims", "verdict", "said"),
    [
        (1, "holds in part", "1 holds in part"),
        (8, "holds", "8 hold"),
        (2, "does not hold here", "2 do not hold here"),
        (3, "undecided", "3 undecided"),
    ],
)
def test_several_claims_are_said_in_the_plural(claims: int, verdict: str, said: str) -> None:
    assert _counted(claims, verdict) == said


def test_what_was_not_measured_has_no_value_and_decides_nothing() -> None:
    rule = Rule("It is fast.", "speed", at_least=10)
    (judged,) = judge([rule], {"speed": unmeasured("there is no GPU here")})
    assert judged.outcome == "undecided"
    _, outcome, value, _, _, basis = _cells(judged)
    assert (value.shown, basis.shown, outcome.shown) == (
        "–",
        "not measured: there is no GPU here",
        "undecided",
    )


def test_every_study_here_has_a_known_topic() -> None:
    assert {read_claim(name).topic for name in choices("study")} == set(TOPICS)


def test_the_page_has_its_claims_by_topic_with_links_and_rules_kept() -> None:
    tickets, sparsity, pooling = map(read_claim, ("tickets", "sparsity", "pooling"))
    rules = [Rule("", "it", above=bound) for bound in (0, 1, 9)]
    kept = judge(rules, {"it": counted(3)})
    own = replace(sparsity, name="own", title="Mine", topic="")
    other = replace(sparsity, name="other", title="Another", topic="Speech")
    findings = [
        Finding(pooling, "quick", "skipped", "no corpus"),
        Finding(own, "quick", judged=kept),
        Finding(tickets, "quick", judged=kept),
        Finding(other, "quick", judged=kept),
        Finding(sparsity, "quick", judged=kept),
    ]
    overview, *sections = sections_of(findings)
    assert [section.name for section in sections] == ["sparsity", "tickets", "pooling", "other", "own"]
    (verdicts,) = (block for block in overview.blocks if isinstance(block, Table))
    assert [group.title for group in verdicts.groups] == [
        "N-gram models",
        "Both families",
        "Beside language modelling",
        "Speech",
        "Further claims",
    ]
    rows = [row for group in verdicts.groups for row in group.rows]
    assert [row.cells[0].leads_to for row in rows] == [section.name for section in sections]
    assert [row.cells[2].shown for row in rows] == ["2 of 3", "2 of 3", "–", "2 of 3", "2 of 3"]
