"""Splitting one text: by position and interleaved, by lines, words, characters and documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from corpus_cases import opened
from hypothesis import given
from hypothesis import strategies as st

from benchmark.corpus import Corpus
from benchmark.corpus.document import FileDocument, whole_spans
from benchmark.corpus.split import by_position, interleaved
from benchmark.errors import UserError


def one_text(folder: Path, text: str, **options: Any) -> Corpus:
    (folder / "text.txt").write_text(text, encoding="utf-8", newline="")
    options = {"name": "small", "text": str(folder / "text.txt"), "split": [0.8, 0.1, 0.1], **options}
    return opened(options, folder)


def tokens(corpus: Corpus) -> list[list[str]]:
    return [corpus.vocabulary.decode(stream.ids) for stream in (corpus.train, corpus.valid, corpus.test)]


def test_lines_by_position(tmp_path: Path) -> None:
    corpus = one_text(tmp_path, "".join(f"{number}\n" for number in range(10)), vocabulary={"size": 100})
    assert corpus.train.lines.tolist() == list(range(0, 17, 2))
    assert [token for token in tokens(corpus)[0] if token != "</s>"] == [str(number) for number in range(8)]


def test_lines_interleaved(tmp_path: Path) -> None:
    lines = [
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
        "a",
        "b",
        "h",
        "g",
        "f",
        "e",
        "d",
        "c",
        "b",
        "a",
        "c",
        "d",
    ]
    corpus = one_text(tmp_path, "\n".join(lines), split_order="interleaved", end_of_line=False)
    train, valid, test = tokens(corpus)
    assert train == lines[:8] + lines[10:18]
    assert valid == [lines[8], lines[18]]
    assert test == [lines[9], lines[19]]


def test_words_by_count_cut_within_a_line(tmp_path: Path) -> None:
    corpus = one_text(
        tmp_path, "a b c\nd e\n\n f", split=[3, 1, None], split_unit="words", vocabulary={"size": 50}
    )
    assert [len([t for t in part if t != "</s>"]) for part in tokens(corpus)] == [3, 1, 2]


@given(st.text(st.sampled_from("ab é日𝄞\n"), min_size=10, max_size=300))
def test_characters_by_position_lose_nothing(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("split")
    path = folder / "text.txt"
    path.write_bytes(text.encode())
    parts = by_position([FileDocument(path)], "characters", [0.8, 0.1, 0.1])
    cut = [b"".join(whole_spans(spans)).decode() for spans in parts]
    assert "".join(cut) == text
    assert len(cut[0]) == len(text) * 8 // 10
    assert len(cut[0]) + len(cut[1]) == len(text) * 9 // 10


@given(st.lists(st.text(st.sampled_from("ab "), max_size=5), min_size=10, max_size=60), st.integers(1, 9))
def test_interleaved_lines_over_documents_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], first: int
) -> None:
    folder = tmp_path_factory.mktemp("split")
    (folder / "1").write_text("".join(line + "\n" for line in lines[:first]))
    (folder / "2").write_text("".join(line + "\n" for line in lines[first:]))
    documents = [FileDocument(folder / "1"), FileDocument(folder / "2")]
    parts = interleaved(documents, "lines", [0.8, 0.1, 0.1])
    cut = [b"".join(whole_spans(spans)).decode().split("\n")[:-1] for spans in parts]
    assert cut == [
        [line for place, line in enumerate(lines) if place % 10 < 8],
        lines[8::10],
        lines[9::10],
    ]


def test_documents_by_pattern(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"book{number}.txt").write_text("word " * (number + 1))
    options = {
        "name": "books",
        "text": str(tmp_path / "book*.txt"),
        "split": [0.8, 0.1, 0.1],
        "split_unit": "documents",
        "split_order": "interleaved",
        "end_of_line": False,
    }
    corpus = opened(options, tmp_path)
    assert [len(stream) for stream in (corpus.train, corpus.valid, corpus.test)] == [36, 9, 10]


@pytest.mark.parametrize(
    ("split", "problem"),
    [
        ([0.8, 0.1, 0.2], "adds up to 1.1, not 1"),
        ([0.8, 0.1], "takes 3 shares"),
        ([0.99, 0.005, 0.005], "leaves a part empty: there are 5 lines"),
        ([3, 1, 2], "does not fit: there are 5 lines"),
        ([3, 1, 0], "whole numbers"),
        ([None, None, 2], "whole numbers"),
        ([0.5, -0.1, 0.6], "leaves a part empty"),
        ([float("nan"), 0.5, 0.5], "corpus.split.0=nan is not usable"),
    ],
)
def test_splits_that_do_not_work(tmp_path: Path, split: list[float | None], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        one_text(tmp_path, "a\nb\nc\nd\ne\n", split=split)


def test_decimal_shares_add_up(tmp_path: Path) -> None:
    corpus = one_text(tmp_path, "a\n" * 10, split=[0.7, 0.2, 0.1])
    assert [len(stream) // 2 for stream in (corpus.train, corpus.valid, corpus.test)] == [7, 2, 1]
