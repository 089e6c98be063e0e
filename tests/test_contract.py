"""Every `conf/model/*.yaml` is held to the contract, and the contract catches planted cheats."""

from __future__ import annotations

from functools import cache
from typing import Any

import bigram
import pytest

from benchmark.build import build_model
from benchmark.check import RULES, Finding, check_model
from benchmark.contract import LanguageModel
from benchmark.errors import Skip
from benchmark.settings import choices
from benchmark.sweep.compose import collect


def in_a_minute(settings: dict[str, Any]) -> dict[str, Any]:
    """A model's settings, but with fewer units and epochs where published ones would take hours."""
    if settings.get("hidden_size", 0) > 500:
        settings = settings | {"embedding_size": 16, "hidden_size": 24}
    recipe = settings.get("training") or {}
    if (recipe.get("epochs") or 0) > 5:
        settings = settings | {"training": recipe | {"epochs": 2}}
    return settings


@cache
def findings_of(model: str) -> list[Finding] | Skip:
    (job,) = collect([f"model={model}"])
    try:
        return check_model(lambda: build_model(in_a_minute(job.config["model"])))
    except Skip as reason:
        return reason


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("model", choices("model"))
def test_every_model_keeps_the_contract(model: str, rule: str) -> None:
    findings = findings_of(model)
    if isinstance(findings, Skip):
        pytest.skip(str(findings))
    found = [finding for finding in findings if finding.rule == rule]
    assert len(found) == 2  # on text with sentence ends and without
    assert [finding.problem for finding in found] == [None, None]


@pytest.mark.parametrize("model", choices("model"))
def test_a_models_file_name_is_its_name(model: str) -> None:
    (job,) = collect([f"model={model}"])
    assert job.config["model"]["name"] == model
    assert job.config["model"]["label"]


def test_an_honest_model_breaks_no_rule() -> None:
    assert [finding for finding in check_model(bigram.Bigram) if finding.problem] == []


@pytest.mark.parametrize(
    ("cheat", "rule", "says"),
    [
        (bigram.Unnormalised, "proper", "sum to 1.1"),
        (bigram.Peeking, "causal", "a score up to there moved"),
        (bigram.CountingStarts, "complete", "<s> is none"),
        (bigram.Forgetful, "durable", "scores the test text otherwise"),
        (bigram.Pickled, "durable", "save wrote a pickle"),
        (bigram.Wandering, "repeatable", "second fit"),
    ],
)
def test_a_planted_cheat_is_caught(cheat: type[LanguageModel], rule: str, says: str) -> None:
    problems = [finding.problem for finding in check_model(cheat) if finding.rule == rule]
    assert any(problem and says in problem for problem in problems), problems
