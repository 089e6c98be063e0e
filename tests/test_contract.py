"""Every `conf/model/*.yaml` is held to the contract, and the contract catches planted cheats."""

from __future__ import annotations

from typing import Any

import bigram
import pytest

from benchmark.build import build_model
from benchmark.check import RULES, check_model
from benchmark.contract import LanguageModel
from benchmark.errors import Skip
from benchmark.settings import choices
from benchmark.sweep.compose import collect

#: What is reduced, wherever it stands in a model's settings, and to what: the rules hold at any size.
SMALLER = {"hidden_size": 24, "embedding_size": 24, "epochs": 1, "burn_in": 4, "samples": 4}


def reduced(settings: Any) -> Any:
    """A model's settings with fewer units, epochs and samples, its components' too."""
    if not isinstance(settings, dict):
        return settings
    return {
        key: min(value, SMALLER[key]) if key in SMALLER and isinstance(value, int) else reduced(value)
        for key, value in settings.items()
    }


#: Models that take ten seconds or more. What they are made of is checked in `make test` all the same.
LONG = ("goodman", "mogrifier_lstm")


@pytest.mark.parametrize(
    "model",
    [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in choices("model")],
)
def test_every_model_keeps_the_contract(model: str) -> None:
    (job,) = collect([f"model={model}"])
    try:
        findings = check_model(lambda: build_model(reduced(job.config["model"])))
    except Skip as reason:
        pytest.skip(str(reason))
    # each rule on text with sentence ends and without
    assert sorted(finding.rule for finding in findings) == sorted([*RULES, *RULES])
    assert [f"{finding.rule}: {finding.problem}" for finding in findings if finding.problem] == []


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
        (bigram.Continuing, "separate", "that of its line alone"),
        (bigram.Forgetful, "durable", "scores the test text otherwise"),
        (bigram.Pickled, "durable", "save wrote a pickle"),
        (bigram.Wandering, "repeatable", "second fit"),
    ],
)
def test_a_planted_cheat_is_caught(cheat: type[LanguageModel], rule: str, says: str) -> None:
    problems = [finding.problem for finding in check_model(cheat) if finding.rule == rule]
    assert any(problem and says in problem for problem in problems), problems
