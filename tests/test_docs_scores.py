"""The numbers of docs/scores.md are what its commands answer about the records of the published models."""

from __future__ import annotations

import json
import os
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main
from benchmark.record.folder import read_runs
from tests.test_docs_numbers import REFERENCE, ROOT, table

PAGE = "docs/scores.md"
PUBLISHED = REFERENCE / "published"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def answered(flag: str | None) -> dict[str, Any]:
    """What the only command of the page on the kept runs that has, or lacks, `--adds` answers."""
    if "NEXTWORD_CORPORA" not in os.environ:
        pytest.skip("NEXTWORD_CORPORA names no folder of corpora")
    blocks = re.findall(r"^cd (results/\S+)\nnextword (compare (?:.|\n)*?)^```", TEXT, flags=re.MULTILINE)
    commands = [(folder, command.replace("\\\n", " ").split()) for folder, command in blocks]
    ((folder, words),) = [each for each in commands if ("--adds" in each[1]) is (flag == "--adds")]
    before = Path.cwd()
    os.chdir(ROOT / folder)
    try:
        with redirect_stdout(StringIO()) as out:
            assert main([*words, "--json"]) == 0
    finally:
        os.chdir(before)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_what_each_published_model_adds() -> None:
    answer = answered("--adds")
    valid = {run.folder.name: run.result.valid_perplexity for run in read_runs(PUBLISHED)}
    test = {run.folder.name: run.result.test_perplexity for run in read_runs(PUBLISHED)}
    added = {each["label"]: each for each in answer["additions"]}
    shown = table(PAGE, "Model", "Validation", "Test", "Weight")
    assert len(shown) == len(added) == 5
    for label, *cells in shown:
        each, run = added[label], added[label]["run"]
        nats = {key: f"{value:+.4f}".replace("-", "−") for key, value in each["nats"].items()}
        assert cells == [
            f"{valid[run]:.2f}",
            f"{test[run]:.2f}",
            f"{each['weight']:.3f}",
            f"{each['test_perplexity_without']:.2f}",
            nats["value"],
            f"{nats['low']} to {nats['high'].replace('+0.0000', '0.0000')}",
        ]
    assert f"has a test perplexity of {answer['mixture']['test_perplexity']:.2f}." in TEXT


def test_mixtures_of_published_models() -> None:
    """The perplexities in the text are those of the records; the last mixture is the better one."""
    mixtures = [run.result for run in read_runs(PUBLISHED) if run.result.model == "gated_mixture"]
    pairs = {(f"{each.valid_perplexity:.2f}", f"{each.test_perplexity:.2f}") for each in mixtures}
    text = " ".join(TEXT.split())
    said = re.findall(r"a validation perplexity of (\S+) and a \*\*test perplexity of (\S+)\*\*", text)
    said += re.findall(r"it has (\S+) and \*\*(\S+)\*\*", text)
    assert len(said) == 2
    assert set(said) == pairs
    assert float(said[1][0]) < float(said[0][0])


def test_ranks_of_published_models() -> None:
    answer = answered(None)
    shown = table(PAGE, "Rank", "Model", "Test perplexity")
    assert len(shown) == len(answer["models"])
    for model, (rank, _, perplexity, interval) in zip(answer["models"], shown, strict=True):
        values = model["perplexity"]
        assert (rank, perplexity) == (str(model["ranks"][0]), f"{values['value']:.2f}")
        assert interval == f"{values['low']:.1f} to {values['high']:.1f}"
    assert len(answer["pairs"]) == 21
    p_values = {f"{pair['p_holm']:.3f}" for pair in answer["pairs"]}
    assert p_values == set(re.findall(r"Each of the 21 differences has p = (\S+) after", TEXT))
    kenlm, scores = len(answer["models"]) - 2, len(answer["models"]) - 1
    (last,) = [pair for pair in answer["pairs"] if (pair["first"], pair["second"]) == (kenlm, scores)]
    low, high = (f"{last['nats'][key]:.4f}" for key in ("low", "high"))
    assert f"Between the last two it is {low} to {high} nats." in TEXT
