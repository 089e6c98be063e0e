"""Published numbers beside measured ones."""

from __future__ import annotations

import csv
import re

import pytest
from omegaconf import OmegaConf
from synthetic_runs import PTB

from benchmark.report import build_report
from benchmark.settings import choices, conf_dir

PAPER = "Grave et al. (2017), Improving neural language models with a continuous cache"


def published_rows(results):
    build_report(results, results / "report", lambda line: None)
    with (results / "report" / "tables" / "published.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cited(**figures):
    return {**PTB, "published": [{"model": "LSTM", "source": PAPER, "protocol": "these events", **figures}]}


def test_a_correction_replaces_what_older_runs_recorded(run, tmp_path):
    run("old", "Old", "count", 150.0, cited(perplexity=83.2), started="2025-01-01T00:00:00+00:00")
    run("new", "New", "count", 140.0, cited(perplexity=82.3), started="2025-06-01T00:00:00+00:00")
    theirs = [row for row in published_rows(tmp_path) if row["source"] == PAPER]
    assert [row["test_perplexity"] for row in theirs] == ["82.3"]


def test_bits_per_character_stand_as_a_perplexity_per_character(run, tmp_path):
    run("lstm", "LSTM", "neural", 2.5, cited(bits_per_character=1.5))
    theirs = next(row for row in published_rows(tmp_path) if row["source"] == PAPER)
    assert float(theirs["test_perplexity"]) == pytest.approx(2**1.5)
    assert "1.5 bits per character" in theirs["protocol"]


def test_a_row_named_after_a_paper_stands_beside_it_however_it_ranks(run, tmp_path):
    for number in range(6):
        run(f"m{number}", f"Model {number}", "neural", 60.0 + number, cited(perplexity=82.3))
    run("lstm", "LSTM, 2 × 650 (Grave et al. 2017)", "neural", 84.0, cited(perplexity=82.3))
    labels = [row["label"] for row in published_rows(tmp_path)]
    assert labels[-2:] == ["LSTM", "LSTM, 2 × 650 (Grave et al. 2017)"]
    assert "Model 5" not in labels


def test_validation_perplexities_stand_beside_the_test_ones(run, tmp_path):
    run("lstm", "LSTM", "neural", 84.0, cited(perplexity=82.3, valid_perplexity=86.2), valid_perplexity=88.0)
    assert {row["valid_perplexity"] for row in published_rows(tmp_path)} == {"86.2", "88"}


@pytest.mark.parametrize("corpus", choices("corpus"))
def test_what_a_corpus_cites_can_be_looked_up_and_is_cited_once(corpus):
    options = OmegaConf.to_container(OmegaConf.load(conf_dir() / "corpus" / f"{corpus}.yaml"), resolve=False)
    cited = options.get("published") or []
    for item in cited:
        assert re.match(r"\w.* \(\d{4}\), .{5,}", item["source"])
        assert item["protocol"]
        if "task" not in options:  # of a task, the settings check the measure
            assert ("perplexity" in item) != ("bits_per_character" in item)
    models = [(item["model"], item["source"]) for item in cited]
    assert len(models) == len(set(models))
