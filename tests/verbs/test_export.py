"""`nextword export`: to an ARPA file, and back as a baseline of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest


def test_an_exported_model_scores_as_the_run_did(nextword, tmp_path: Path, text_corpus: list[str]) -> None:
    nextword("run", "model=kneser_ney", "model.order=3", *text_corpus)
    done = nextword("export", "kneser_ney", "--arpa", "kn.arpa.gz")
    assert done.returncode == 0, done.stderr
    assert "kn.arpa.gz: Modified Kneser-Ney 3-gram on files" in done.stdout
    done = nextword("run", "model=arpa", "model.path=kn.arpa.gz", *text_corpus)
    assert done.returncode == 0, done.stderr
    records = {
        record["model"]: record
        for record in map(
            json.loads, (path.read_text() for path in tmp_path.glob("results/runs/*/*/*/result.json"))
        )
    }
    ours, back = records["kneser_ney"], records["arpa"]
    assert back["test_perplexity"] == pytest.approx(ours["test_perplexity"], rel=1e-6)
    assert (back["entries"], back["normalised"]) == (ours["entries"], True)


def test_what_cannot_be_exported_is_one_clear_line(nextword, text_corpus: list[str]) -> None:
    nextword("run", "-m", "model=uniform,kneser_ney", *text_corpus)
    done = nextword("export", "uniform", "--arpa", "u.arpa")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "Uniform is not a backoff model, so an ARPA file cannot hold it" in done.stderr
    done = nextword("export", "kneser_ney", "--arpa", "nowhere/kn.arpa")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "nowhere/kn.arpa: cannot be written" in done.stderr


def test_a_model_without_its_file_is_skipped_with_the_way_out(nextword, text_corpus: list[str]) -> None:
    done = nextword("run", "model=arpa", *text_corpus)
    assert "needs an ARPA file: give model.path=FILE.arpa" in done.stderr


def test_rounded_scores_are_enough_to_compare_two_runs(
    nextword, tmp_path: Path, text_corpus: list[str]
) -> None:
    nextword("run", "-m", "model=kneser_ney,uniform", *text_corpus)
    full = nextword("compare", "kneser_ney", "uniform", "--block", "1")
    for model in ("kneser_ney", "uniform"):
        assert nextword("export", model, "--scores").returncode == 0
    for scores in tmp_path.glob("results/runs/*/*/*/test_log_probs.npy"):
        scores.unlink()
    rounded = nextword("compare", "kneser_ney", "uniform", "--block", "1")
    assert (full.returncode, rounded.returncode) == (0, 0), full.stderr + rounded.stderr
    perplexities = [re.findall(r"\b\d+\.\d\b", done.stdout)[:2] for done in (full, rounded)]
    assert perplexities[0] == perplexities[1]
