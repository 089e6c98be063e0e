"""`nextword compare --adds`: what a run adds to the best mixture of the others, by brute force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compare_cases import corpus_of, write_run

from benchmark.cli import main
from benchmark.corpus import Corpus
from benchmark.record.folder import VALID_SCORES
from benchmark.statistics import ROUNDING
from benchmark.storage.files import write_array


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    return corpus_of(tmp_path)


def kept(folder: Path, corpus: Corpus, label: str, valid: np.ndarray, test: np.ndarray, **more: Any) -> Path:
    """A run that keeps the scores of both texts."""
    valid = valid.astype(np.float32)
    perplexity = float(np.exp(-valid.mean(dtype=np.float64)))
    run = write_run(folder, corpus, label, test, valid_perplexity=perplexity, **more)
    write_array(run / VALID_SCORES, valid)
    return run


def drawn(size: int, seed: int) -> np.ndarray:
    """ln p of a model that is surer of some targets than of others."""
    return np.log(np.random.default_rng(seed).uniform(0.01, 0.9, size))


def additions(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["compare", *arguments, "--adds", "--block", "4", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def best_weight(a: np.ndarray, b: np.ndarray) -> float:
    """The weight of `a` that makes a text likeliest, by trying all in steps of 1/1000."""
    tried = np.linspace(0, 1, 1001)
    return float(max(tried, key=lambda w: np.log(w * np.exp(a) + (1 - w) * np.exp(b)).sum()))


def test_an_addition_is_the_mixture_with_it_against_that_of_the_others(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    valid = {name: drawn(len(corpus.valid), seed) for name, seed in zip("abc", (1, 2, 3), strict=True)}
    test = {name: drawn(len(corpus.test), seed) for name, seed in zip("abc", (4, 5, 6), strict=True)}
    runs = {name: kept(tmp_path, corpus, name, valid[name], test[name]) for name in "abc"}
    found = additions(capsys, "a", "b", "c")
    weights = found["mixture"]["weights"]
    mixed = sum(weights[runs[name].name] * np.exp(test[name]) for name in "abc")
    assert sum(weights.values()) == pytest.approx(1)
    assert found["mixture"]["test_perplexity"] == pytest.approx(np.exp(-np.log(mixed).mean()), rel=1e-5)
    for one in found["additions"]:
        first, second = (name for name in "abc" if runs[name].name != one["run"])
        weight = best_weight(valid[first], valid[second])
        others = np.log(weight * np.exp(test[first]) + (1 - weight) * np.exp(test[second]))
        assert one["test_perplexity_without"] == pytest.approx(np.exp(-others.mean()), rel=1e-3)
        assert one["nats"]["value"] == pytest.approx(-np.log(mixed).mean() + others.mean(), abs=1e-3)
        assert one["nats"]["low"] < one["nats"]["value"] < one["nats"]["high"]
        assert one["weight"] == weights[one["run"]]


def test_weights_know_nothing_of_the_test_text(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One is right on the validation text and the other on the test text: the first has all the weight."""
    sure, unsure = np.log(0.99), np.log(0.01)
    valid, test = np.ones(len(corpus.valid)), np.ones(len(corpus.test))
    good = kept(tmp_path, corpus, "Good", valid * sure, test * unsure)
    kept(tmp_path, corpus, "Bad", valid * unsure, test * sure)
    found = additions(capsys, "good", "bad")
    assert found["mixture"]["weights"][good.name] == pytest.approx(1, abs=1e-3)
    assert found["mixture"]["test_perplexity"] == pytest.approx(100, rel=0.2)


def test_one_run_is_set_against_all_others_that_can_be_mixed(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = len(corpus.valid), len(corpus.test)
    ours, other = (
        kept(tmp_path, corpus, name, *map(drawn, sizes, (s, s + 9))) for s, name in enumerate("ab")
    )
    old = write_run(tmp_path, corpus, "Old", drawn(sizes[1], 5))
    short = kept(tmp_path, corpus, "Short", drawn(sizes[0] - 3, 4), drawn(sizes[1], 8))
    kept(tmp_path, corpus, "Elsewhere", *map(drawn, sizes, (6, 7)), protocol_id="000000000000")
    found = additions(capsys, "a")
    assert set(found["mixture"]["weights"]) == {ours.name, other.name}
    assert [one["run"] for one in found["additions"]] == [ours.name]
    assert set(found["left_out"]) == {old.name, short.name}
    assert main(["compare", "a", "--adds", "--block", "4"]) == 0
    said = capsys.readouterr().out
    assert "The mixture of all 2 has a test perplexity of" in said
    assert "Left out: 2 runs without a score for every target of both texts: Old" in said


def test_two_runs_that_are_alike_add_nothing(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    valid, test = drawn(len(corpus.valid), 1), drawn(len(corpus.test), 2)
    for name in ("Twin", "Other twin"):
        kept(tmp_path, corpus, name, valid, test)
    found = additions(capsys, "twin", "other_twin")
    assert [one["nats"]["value"] for one in found["additions"]] == pytest.approx([0, 0], abs=1e-6)
    assert main(["compare", "twin", "other_twin", "--adds", "--block", "4", "--csv", "out"]) == 0
    said = capsys.readouterr().out
    assert "is not shown to add anything to the others: 0.0000 nats a token" in said
    assert (tmp_path / "out" / "additions.csv").read_text().count("\n") == 3


def test_a_difference_that_may_be_rounding_has_no_p(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model that is worse everywhere has hardly any weight, and takes a trifle from every target."""
    valid, test = drawn(len(corpus.valid), 1), drawn(len(corpus.test), 2)
    kept(tmp_path, corpus, "Good", valid, test)
    bad = kept(tmp_path, corpus, "Bad", valid - 9, test - 9)
    found = {one["run"]: one for one in additions(capsys, "good", "bad")["additions"]}
    assert abs(found[bad.name]["nats"]["value"]) < ROUNDING
    assert (found[bad.name].pop("p"), found[bad.name].pop("p_holm")) == (None, None)
    (good,) = (one for one in found.values() if one["run"] != bad.name)
    assert good["p"] <= good["p_holm"] <= 1
    assert main(["compare", "bad", "--adds", "--block", "4"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    answer = said.partition("Bad is not shown to add anything to the others: ")[2].partition(";")[0]
    assert answer.endswith("(95% interval 0.0000 to 0.0000)")
    assert "0.0000 –" in said
    assert "< 0.001" not in said


def test_what_cannot_be_mixed_is_one_clear_line(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = len(corpus.valid), len(corpus.test)
    kept(tmp_path, corpus, "Alone", *map(drawn, sizes, (1, 2)))
    damaged = kept(tmp_path, corpus, "Damaged", *map(drawn, sizes, (1, 2)))
    write_array(damaged / VALID_SCORES, drawn(sizes[0], 5).astype(np.float32))
    kept(tmp_path, corpus, "Short", drawn(sizes[0] - 3, 4), drawn(sizes[1], 8))
    write_run(tmp_path, corpus, "Old", drawn(sizes[1], 5))
    refusals = {
        "alone old": "keeps no scores (valid_log_probs.npy); make them: nextword run model=some force=true",
        "alone damaged": "valid_log_probs.npy does not hold the scores of this run's record",
        "alone short": "the runs were validated on different texts",
        "alone old --targets 3": "--targets is for differences: leave it out",
        "alone": "a mixture takes two runs or more that keep the scores of both texts",
    }
    for names, says in refusals.items():
        assert main(["compare", *names.split(), "--adds", "--block", "4"]) == 2
        *_, line = capsys.readouterr().err.splitlines()
        assert says in line
