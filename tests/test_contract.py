"""Every `conf/model/*.yaml` is held to the contract, and the contract catches planted cheats."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import bigram
import numpy as np
import pytest
from named_models import LANGUAGE_MODELS
from safetensors.numpy import save

from benchmark.build import build_model
from benchmark.check import RULES, check_model
from benchmark.check.saving import check_files
from benchmark.contract import LanguageModel
from benchmark.errors import BrokenContract, Skip
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
LONG = ("goodman", "goodman_triggers", "mogrifier_lstm")


@pytest.mark.parametrize(
    "model",
    [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in LANGUAGE_MODELS],
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


@pytest.mark.parametrize("length", [640, 896, 1152, 1408])
def test_a_safetensors_file_is_no_pickle_whatever_the_length_of_its_header(
    length: int, tmp_path: Path
) -> None:
    weights = {"weights": np.zeros(3, np.float32)}
    padded = (save(weights, {"padding": "x" * count}) for count in range(2000))
    file = next(content for content in padded if int.from_bytes(content[:8], "little") == length)
    assert file[:1] == pickle.dumps(0)[:1]
    (tmp_path / "weights.safetensors").write_bytes(file)
    check_files(lambda: 0, tmp_path)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("content", [{}, [1, "a"], b"x" * 10_000, np.zeros(5000), bigram.Bigram])
def test_a_pickle_is_found_whatever_it_holds(protocol: int, content: object, tmp_path: Path) -> None:
    (tmp_path / "table.npy").write_bytes(pickle.dumps(content, protocol))
    with pytest.raises(BrokenContract, match=r"wrote a pickle: table\.npy"):
        check_files(lambda: 0, tmp_path)
