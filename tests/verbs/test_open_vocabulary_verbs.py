"""Runs over bytes and subwords, from the command line to generated text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tokenizers")

SUBWORDS = ["corpus.tokens=bpe", "corpus.vocabulary.size=270"]


@pytest.mark.parametrize("tokens", [SUBWORDS, ["corpus.tokens=bytes"]], ids=["bpe", "bytes"])
def test_a_run_has_bits_per_byte_and_generates_text(
    nextword, tmp_path: Path, text_corpus: list[str], tokens: list[str]
) -> None:
    done = nextword("run", "model=kneser_ney", *text_corpus, *tokens)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / "results" / "runs").glob("*/kneser_ney/*")
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert record["test_bytes"] == (tmp_path / "test.txt").stat().st_size
    assert (record["spelling_bits"], record["oov_rate"]) == (0, 0)
    assert record["protocol_unknown"] == "none"
    samples = json.loads((folder / "samples.json").read_text(encoding="utf-8"))
    assert not any("Ġ" in text for prompt in samples["prompts"] for text in prompt["samples"])
    said = nextword("generate", "kneser_ney", "--prompt", "the cat sat on the", "--temperature", "0")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Ġ" not in said.stdout
    assert "the cat sat on the mat" in said.stdout


def test_words_and_subwords_are_other_events(nextword, tmp_path: Path, text_corpus: list[str]) -> None:
    done = nextword("run", "-m", "model=unigram", *text_corpus, "corpus.tokens=bytes,whitespace")
    assert done.returncode == 0, done.stdout + done.stderr
    records = [
        json.loads(file.read_text(encoding="utf-8"))
        for file in (tmp_path / "results" / "runs").glob("*/unigram/*/result.json")
    ]
    assert len({record["protocol_id"] for record in records}) == 2
    assert len({record["test_bytes"] for record in records}) == 1
