"""`nextword compare`: what it computes, by hand and by brute force, and what it refuses."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compare_cases import TEST, TRAIN, corpus_of, write_run
from terminals import shown_in_terminal

import nextword
from benchmark.cli import main
from benchmark.compare.criteria import groupings
from benchmark.corpus import Corpus
from benchmark.record.blocks import BlockLosses, write_blocks
from benchmark.record.folder import SCORES, read_runs


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    return corpus_of(tmp_path)


def scores(corpus: Corpus, seed: int, mean: float = -2.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 0.3, len(corpus.test)).astype(np.float32)


def compared(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["compare", *arguments, "--block", "4", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["compare", *arguments]) == 2
    *before, error = capsys.readouterr().err.splitlines()
    assert before in ([], ["encoding small"])
    return error


def test_differences_are_those_of_the_scores(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = scores(corpus, 1), scores(corpus, 2, -1.9)
    write_run(tmp_path, corpus, "First", a)
    write_run(tmp_path, corpus, "Second", b)
    found = compared(capsys, "first", "small/second")
    (pair,) = found["pairs"]
    assert (pair["first"], pair["second"]) == (0, 1)
    difference = float(a.mean(dtype=np.float64) - b.mean(dtype=np.float64))
    assert pair["nats"]["value"] == pytest.approx(difference)
    assert pair["ratio"]["value"] == pytest.approx(np.exp(difference))
    perplexities = [float(np.exp(-s.mean(dtype=np.float64))) for s in (a, b)]
    assert [one["perplexity"]["value"] for one in found["models"]] == pytest.approx(perplexities)
    assert pair["perplexity"]["value"] == pytest.approx(perplexities[1] - perplexities[0])
    for estimate in (pair["nats"], pair["ratio"], pair["perplexity"], found["models"][0]["nats"]):
        assert estimate["low"] < estimate["value"] < estimate["high"]
    assert found["blocks"] == {"unit": "blocks of 4 lines", "number": 10}
    losses = np.split(a.astype(np.float64) - b, _offsets(corpus, 4))
    assert pair["p"] == _exact_p([block.sum() for block in losses])
    assert pair["p_holm"] == pair["p"]
    assert not pair["p_counts_seeds"]


def _offsets(corpus: Corpus, lines: int) -> list[int]:
    return [int(corpus.test.lines[line]) for line in range(lines, len(corpus.test.lines) - 1, lines)]


def _exact_p(blocks: list[float]) -> float:
    """All 2^n assignments of signs, one by one."""
    observed = abs(float(np.sum(blocks)))
    totals = [0.0]
    for block in blocks:
        totals = [total + sign * float(block) for total in totals for sign in (1, -1)]
    return float(np.mean([abs(total) >= observed - 1e-6 for total in totals]))


def test_groups_of_a_criterion_add_up_to_the_difference(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = scores(corpus, 1), scores(corpus, 2)
    write_run(tmp_path, corpus, "First", a)
    write_run(tmp_path, corpus, "Second", b)
    found = compared(capsys, "first", "second")
    (where,) = found["where"]
    criteria = {group["criterion"] for group in where["groups"]}
    assert {
        "training_count",
        "longest_seen",
        "place_in_line",
        "last_occurrence",
        "seen_2",
        "seen_5",
    } <= criteria
    for criterion in criteria:
        groups = [group for group in where["groups"] if group["criterion"] == criterion]
        assert sum(group["share"] for group in groups) == pytest.approx(found["pairs"][0]["nats"]["value"])
        assert sum(group["targets"] for group in groups) == len(corpus.test)
    first = next(g for g in where["groups"] if (g["criterion"], g["group"]) == ("place_in_line", "1"))
    at = np.asarray(corpus.test.lines[:-1])
    assert (first["first"], first["second"]) == pytest.approx((-a[at].mean(), -b[at].mean()), rel=1e-5)
    assert first["difference"] == pytest.approx(float((a - b)[at].mean()), rel=1e-4)


def test_n_grams_are_seen_if_training_has_them(corpus: Corpus) -> None:
    """By looking for them in the training lines."""
    known = [["<s>", *line.split(), "</s>"] for line in TRAIN]
    found = {grouping.key: grouping for grouping in groupings(corpus.train, corpus.test)}
    for n in (2, 3, 4, 5):
        seen = {tuple(line[i : i + n]) for line in known for i in range(len(line) - n + 1)}
        expected = []
        for line in TEST:
            tokens = ["<s>", *line.split(), "</s>"]
            for end in range(2, len(tokens) + 1):
                expected.append(2 if end < n else 0 if tuple(tokens[end - n : end]) in seen else 1)
        assert found[f"seen_{n}"].of.tolist() == expected


def test_the_targets_that_differ_most_stand_in_their_context(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = np.full(len(corpus.test), -2.0)
    b = a.copy()
    b[3], b[8] = -0.5, -5.0  # `on` of the first line, `saw`... of the second
    write_run(tmp_path, corpus, "First", a)
    write_run(tmp_path, corpus, "Second", b)
    (where,) = compared(capsys, "first", "second", "--targets", "3")["where"]
    better, worse = where["targets"]
    assert (better["before"], better["target"], better["position"]) == ("the cat sat", "on", 3)
    assert better["after"] == "the log </s> a dog"
    assert (better["first"], better["second"]) == pytest.approx((np.exp(-2), np.exp(-0.5)))
    assert (worse["target"], worse["difference"]) == ("dog", 3)


def test_seeds_of_a_setting_are_one_model(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = [scores(corpus, seed, -2 + 0.01 * seed) for seed in (1, 2, 3)]
    runs = [
        write_run(tmp_path, corpus, "Net", s, seed=seed, family="neural") for seed, s in enumerate(seeds, 1)
    ]
    count_run = write_run(tmp_path, corpus, "Count", scores(corpus, 9))
    found = compared(capsys, "count", *map(str, runs))
    count, net = found["models"]
    assert (count["seeds"], net["seeds"]) == ([None], [1, 2, 3])
    perplexities = [float(np.exp(-s.mean(dtype=np.float64))) for s in seeds]
    assert net["perplexity"]["value"] == pytest.approx(np.mean(perplexities))
    assert found["pairs"][0]["p_counts_seeds"]
    # one of them, and the others on request
    assert compared(capsys, "count", str(runs[0]))["models"][1]["seeds"] == [1]
    assert compared(capsys, "count", str(runs[0]), "--all-seeds")["models"][1]["seeds"] == [1, 2, 3]
    elsewhere = ("--all-seeds", "--results-dir", str(tmp_path / "other"))
    assert compared(capsys, str(count_run), str(runs[0]), *elsewhere)["models"][1]["seeds"] == [1, 2, 3]
    # a seed without scores is left out; only a run that is named has to have them
    (runs[1] / SCORES).rename(runs[1] / "aside.npy")
    capsys.readouterr()
    assert main(["compare", "count", str(runs[0]), "--all-seeds", "--json", "--block", "4"]) == 0
    out, said = capsys.readouterr()
    assert json.loads(out)["models"][1]["seeds"] == [1, 3]
    assert said.strip() == f"left out, for want of scores: net/{runs[1].name} (seed 2)"
    assert main(["compare", "count", str(runs[1]), "--all-seeds"]) != 0
    assert f"{runs[1]} keeps no scores" in capsys.readouterr().err
    (runs[1] / "aside.npy").rename(runs[1] / SCORES)
    # nothing else to compare: seed against seed
    apart = compared(capsys, *map(str, runs))
    assert [one["label"] for one in apart["models"]] == ["Net, seed 1", "Net, seed 2", "Net, seed 3"]
    assert len(apart["pairs"]) == 3
    assert len(apart["where"]) == 2
    assert all(pair["p_holm"] >= pair["p"] for pair in apart["pairs"])


def test_a_difference_that_may_be_rounding_has_no_p(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One model's scores, once written with fewer digits: every target is a trifle worse."""
    whole = scores(corpus, 1)
    write_run(tmp_path, corpus, "Whole", whole)
    write_run(tmp_path, corpus, "Rounded", whole - 1e-6)
    write_run(tmp_path, corpus, "Other", whole - 0.5)
    rounded, other, _ = compared(capsys, "whole", "rounded", "other")["pairs"]
    assert 0 < rounded["nats"]["value"] < 1e-4
    assert (rounded["p"], rounded["p_holm"]) == (None, None)
    assert other["p"] <= other["p_holm"] < 0.05
    assert main(["compare", "whole", "rounded", "--block", "4"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert re.search(r"Rounded and Whole are not shown to differ: 0.000 nats a token \([^p]*\);", said)
    assert "< 0.001" not in said
    assert "No p is told of differences up to 0.0001 nats" in said
    pairs = nextword.compare("whole", "rounded", block=4).pairs
    assert pairs[["p", "p_holm"]].isna().all(axis=None)
    assert pairs["p"].dtype == float


def test_what_is_printed_says_which_is_better_and_by_what_rule(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path, corpus, "Worse", scores(corpus, 1, -2.5))
    write_run(tmp_path, corpus, "Better", scores(corpus, 2, -2.0), seed=1)
    write_run(tmp_path, corpus, "Alike", scores(corpus, 3, -2.0))
    arguments = ["worse", "better", "alike", "--block", "4"]
    main(["compare", *arguments, "--csv", "tables", "--page", "page.html"])
    said = capsys.readouterr().out
    assert re.search(r"Better is better than Worse: −0\.\d+ nats a token \(95% interval −0", said)
    assert "test targets in 10 blocks of 4 lines" in said
    assert "One seed of Better" in said
    assert re.search(r"^1–2  (Better|Alike)", said, re.MULTILINE)
    assert re.search(r"^  3  Worse", said, re.MULTILINE)
    assert "adjusted for 3 pairs (Holm 1979)" in said
    main(["compare", "alike", "better", "--block", "4"])
    assert "Better and Alike are not shown to differ" in capsys.readouterr().out
    with (tmp_path / "tables" / "pairs.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["against"], row["label"]) for row in rows] == [
        ("Worse", "Better"),
        ("Worse", "Alike"),
        ("Better", "Alike"),
    ]
    assert float(rows[0]["nats_low"]) < float(rows[0]["nats"]) < float(rows[0]["nats_high"]) < 0
    assert {path.stem for path in (tmp_path / "tables").iterdir()} == {
        *("models", "pairs", "groups_1", "groups_2", "targets_1", "targets_2")
    }
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h1>Worse and Better and Alike on small</h1>" in page
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)


def test_at_80_columns_both_models_of_a_pair_and_p_are_shown(corpus: Corpus, tmp_path: Path) -> None:
    for number, label in enumerate(("A first model of many words", "A second model of many words")):
        write_run(tmp_path, corpus, label, scores(corpus, number))
    names = ["small/a_first_model_of_many_words", "small/a_second_model_of_many_words", "--block", "4"]
    command = [sys.executable, "-m", "benchmark", "compare", *names]
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown_in_terminal(command, 80)).splitlines()
    title = next(place for place, line in enumerate(lines) if line.startswith("Model") and "Against" in line)
    assert re.search(r"^A second model.*A first model.*[+−]0\.\d{3} .* 0\.\d{3}$", lines[title + 2])
    assert any("left out at this width: " in line and "Ratio" in line for line in lines)


def test_what_cannot_be_compared_is_refused_in_a_line(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_run(tmp_path, corpus, "Good", scores(corpus, 1))
    assert "takes two runs or more" in refusal(capsys, "good", str(good))
    other = {"protocol_id": "0" * 12, "protocol_vocabulary": "another"}
    write_run(tmp_path, corpus, "Elsewhere", scores(corpus, 2), **other)
    assert re.search(r"differ in vocabulary \(\w+ and another\)", refusal(capsys, "good", "elsewhere"))
    write_run(tmp_path, corpus, "Backoff", scores(corpus, 3), normalised=False)
    assert "do not sum to one" in refusal(capsys, "good", "backoff")
    impossible = scores(corpus, 4)
    impossible[0] = -np.inf
    write_run(tmp_path, corpus, "Zero", impossible)
    assert "gives 1 target probability 0" in refusal(capsys, "good", "zero")
    write_run(tmp_path, corpus, "Failed", scores(corpus, 5), status="failed", reason="out of memory")
    assert "out of memory" in refusal(capsys, "good", "failed")
    assert "the test text is too short: it has 1 block of 50 lines" in refusal(
        capsys, "good", str(write_run(tmp_path, corpus, "Short", scores(corpus, 6)))
    )


def test_scores_that_are_missing_or_not_the_runs_own_are_refused(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path, corpus, "Good", scores(corpus, 1))
    bad = write_run(tmp_path, corpus, "Bad", scores(corpus, 2))
    np.save(bad / SCORES, scores(corpus, 3))
    assert "does not hold the scores of this run's record" in refusal(capsys, "good", "bad")
    (bad / SCORES).write_bytes(b"no array")
    assert "cannot read" in refusal(capsys, "good", "bad")
    (bad / SCORES).unlink()
    assert "make them: nextword run model=some force=true" in refusal(capsys, "good", "bad")


def test_another_text_than_the_runs_were_scored_on_is_noticed(
    corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("Good", "Fine"):
        write_run(tmp_path, corpus, label, scores(corpus, len(label)))
    (tmp_path / "test.txt").write_text("the cat\n", encoding="utf-8")
    assert "is not the text that" in refusal(capsys, "good", "fine")


def test_the_blocks_of_a_run_are_kept_with_it(corpus: Corpus, tmp_path: Path) -> None:
    kept = scores(corpus, 1)
    folder = write_run(tmp_path, corpus, "Good", kept)
    (run,) = read_runs(tmp_path / "results")
    blocks = run.blocks
    assert blocks is not None
    assert blocks.unit == "blocks of 50 lines"
    assert blocks.targets.sum() == len(corpus.test)
    assert blocks.nll.sum() == pytest.approx(run.result.test_nll)
    (folder / "blocks.json").unlink()  # as in runs from before they were kept
    write_run(tmp_path, corpus, "Other", scores(corpus, 2))
    main(["compare", "good", "other", "--block", "4"])
    (again,) = [run.blocks for run in read_runs(tmp_path / "results") if run.result.label == "Good"]
    assert again is not None
    assert again.like(blocks)
    assert again.nll.tolist() == blocks.nll.tolist()
    half = len(corpus.test) // 2
    write_blocks(folder, BlockLosses("documents", np.array([half, len(corpus.test) - half]), np.ones(2)))
    main(["compare", "good", "other"])
    (anew,) = [run.blocks for run in read_runs(tmp_path / "results") if run.folder == folder]
    assert anew is not None
    assert anew.like(blocks)
    (folder / "blocks.json").write_text('{"unit": "documents", "targets": [1], "nll": [1, 2]}')
    assert [run.blocks for run in read_runs(tmp_path / "results") if run.folder == folder] == [None]
