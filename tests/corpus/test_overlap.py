"""What the validation and the test text share with the training text: against sets of lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_cases import MIRROR, corpus_options, needs_mirror, opened, texts
from hypothesis import given
from hypothesis import strategies as st

from benchmark.corpus import Corpus, TokenStream, overlap
from benchmark.corpus.overlap import Overlap, copied_targets, long_lines

LONG = "one two three four five six seven eight nine ten eleven"
OTHER = LONG.replace("five", "5")
SHORT = LONG.removesuffix(" eleven")


def small(folder: Path, train: str, test: str, **changes: Any) -> Corpus:
    return opened({**texts(folder, train, test=test), **changes}, folder)


def spelt(stream: TokenStream, chosen: np.ndarray) -> list[str]:
    return [token for token, taken in zip(stream.vocabulary.decode(stream.ids), chosen, strict=True) if taken]


def test_only_long_lines_are_copied(tmp_path: Path) -> None:
    train = f"{LONG}\n{SHORT}\n\n"
    corpus = small(tmp_path, train, f"{SHORT}\n{OTHER}\n\n  {LONG}  \n{LONG} twelve\n{LONG}")
    assert corpus.train.copied is None
    assert corpus.test.copied is not None
    assert corpus.test.copied.tolist() == [False] * (11 + 12 + 1) + [True] * 12 + [False] * 13 + [True] * 12
    assert corpus.overlaps["test"] == Overlap(4, 2, 24 / 61)
    assert corpus.overlaps["valid"] == Overlap(0, 0, 0.0)


def test_unknown_words_must_be_the_same(tmp_path: Path) -> None:
    """To the model, both lines are eleven times `<unk>`."""
    corpus = small(tmp_path, f"{LONG}\n" + "a b c\n" * 9, f"{OTHER}\n", vocabulary={"size": 5})
    assert corpus.vocabulary.decode(corpus.test.ids) == ["<unk>"] * 11 + ["</s>"]
    assert corpus.overlaps["test"] == Overlap(1, 0, 0.0)


@pytest.mark.parametrize(
    ("changes", "targets"),
    [
        ({"end_of_line": False}, 11),
        ({"tokens": "characters", "end_of_line": True}, len(LONG) + 1),
        ({"tokens": "characters", "end_of_line": False}, len(LONG) + 1),
        ({"tokens": "bytes", "end_of_line": True}, len(LONG) + 1),
        ({"tokens": "bytes", "end_of_line": False}, len(LONG) + 1),
        ({"tokens": "whitespace", "lowercase": True}, 12),
    ],
)
def test_lines_are_those_of_the_text_whatever_the_tokens(
    tmp_path: Path, changes: dict[str, Any], targets: int
) -> None:
    corpus = small(tmp_path, f"{OTHER}\n{SHORT}\n{LONG}\n", f"{SHORT}\n{LONG}\n{SHORT}\n", **changes)
    assert corpus.test.copied is not None
    assert corpus.overlaps["test"].copied_lines == 1
    assert int(corpus.test.copied.sum()) == targets
    before = len(corpus.test) - int(np.argmax(corpus.test.copied[::-1])) - targets
    assert corpus.test.copied[before : before + targets].all()


def test_subwords_with_and_without_line_ends(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    for end_of_line in (True, False):
        changes = {"tokens": "bpe", "vocabulary": {"size": 270}, "end_of_line": end_of_line}
        corpus = small(tmp_path, f"{OTHER}\n{SHORT}\n{LONG}\n" * 9, f"{SHORT}\n{LONG}\n", **changes)
        assert corpus.test.copied is not None
        found = corpus.tokeniser.detokenise(spelt(corpus.test, corpus.test.copied))
        assert found.strip() == LONG


def test_documents_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    for name, text in {"a1": "x y", "a2": "z", "a3": "u", "a4": "x y", "a5": "x  y", "a6": "u"}.items():
        (tmp_path / f"{name}.txt").write_text(text)
    options = {
        "name": "small",
        "text": str(tmp_path / "a*.txt"),
        "split": [0.5, 0.34, 0.16],
        "split_unit": "documents",
    }
    corpus = opened(options, tmp_path)
    assert corpus.overlaps["valid"] == Overlap(0, 0, 0.0, 2, 1)
    assert corpus.overlaps["test"] == Overlap(0, 0, 0.0, 1, 1)
    by_line = opened({**options, "split_unit": "words"}, tmp_path)
    assert by_line.overlaps["valid"].documents == 0


LINES = st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=12)


@given(LINES, LINES, st.integers(1, 4), st.integers(1, 9))
def test_hashed_lines_are_those_of_a_set(train, test, least, block):
    def of(lines):
        numbers = np.array([word for line in lines for word in line], dtype=np.int32)
        ends = np.cumsum([len(line) for line in lines], dtype=np.int64)
        return long_lines(numbers, ends, np.ones(4, dtype=np.int64), between=0)

    known = {tuple(line) for line in train}
    expected = [len(line) >= least and tuple(line) in known for line in test for _ in line]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlap, "LONG", least)
        patch.setattr(overlap, "BLOCK", max(block, 4))
        found, lines = copied_targets(of(test), of(train), len(expected))
    assert found.tolist() == expected
    assert lines == sum(len(line) >= least and tuple(line) in known for line in test)


def test_a_text_without_lines_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "BLOCK", 20)
    numbers = np.arange(30, dtype=np.int32)
    assert len(long_lines(numbers, np.array([30]), np.ones(30, dtype=np.int64), between=0).hashes) == 0


@needs_mirror
@pytest.mark.parametrize("name", ["ptb"])
def test_known_corpora_against_sets_of_lines(name: str, tmp_path: Path) -> None:
    mirror = Path(str(MIRROR))
    corpus = opened(corpus_options(name), tmp_path, corpora_dir=mirror)
    lines = {
        part: [line.split() for line in (mirror / name / f"{name}.{part}.txt").read_text().splitlines()]
        for part in ("train", "valid", "test")
    }
    known = {tuple(line) for line in lines["train"]}
    for part, stream in (("valid", corpus.valid), ("test", corpus.test)):
        expected = [len(line) > 10 and tuple(line) in known for line in lines[part] for _ in [*line, 0]]
        assert stream.copied is not None
        assert stream.copied.tolist() == expected
        assert sum(expected) > 300
