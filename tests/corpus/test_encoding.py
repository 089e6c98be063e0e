"""Encoding against plain Python: the same tokens, counts and lines, whatever the text."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmark.corpus import CodedText, Corpus, open_corpus
from benchmark.corpus import document as document_module
from benchmark.corpus import encode as encode_module

LONG = "x" * 8, "x" * 9, "x" * 16, "x" * 17, "x" * 64, "x" * 65, "y" * 200
WORDS = st.one_of(
    st.sampled_from(
        ["a", "the", "of", "é", "日本", "𝄞", "\u00a0", "a\u2028b", "\x00", "a\x00", "\x1c", *LONG]
    ),
    st.text(
        st.characters(exclude_characters=" \t\n\r\x0b\x0c", exclude_categories=["Cs"]),
        min_size=1,
        max_size=70,
    ),
).filter(lambda word: word not in ("</s>", "<s>", "<unk>") and not word.startswith("\ufeff"))
GAPS = st.sampled_from([" ", "  ", "\t", "\n", "\n\n", " \n ", "\r\n", "\x0b", "\x0c", "\r"])
TEXTS = st.lists(st.tuples(WORDS, GAPS), min_size=1, max_size=40).map(
    lambda parts: "".join(w + g for w, g in parts)
)


def reference(text: str, end_of_line: bool) -> list[str]:
    """Words between ASCII whitespace, `</s>` behind each line; a last line needs no newline."""
    lines = text.replace("\r\n", "\n").encode().split(b"\n")
    if not lines[-1]:
        lines.pop()
    tokens = [[word.decode() for word in line.split()] + ["</s>"] * end_of_line for line in lines]
    return [token for line in tokens for token in line]


def opened(train: str, test: str | None = None, **options: Any) -> Corpus:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = {"name": "small", "vocabulary": {"unknown": "error"}, **options}
        for part, text in (("train", train), ("valid", train), ("test", train if test is None else test)):
            (folder / part).write_bytes(text.encode())
            options[part] = str(folder / part)
        corpus = open_corpus(options, corpora_dir=None, cache_dir=folder / "cache", say=lambda line: None)
        # Read before the folder goes.
        assert corpus.train.ids[:].size
        return corpus


@given(TEXTS, st.booleans())
@example("a\x00 a \x00", True)
@example(" ".join(LONG) + "\n\n" + " ".join(LONG), True)
@example("\n\nlast line without an end", True)
def test_words_are_those_of_plain_python(text: str, end_of_line: bool) -> None:
    corpus = opened(text, tokens="whitespace", end_of_line=end_of_line)
    expected = reference(text, end_of_line)
    assert corpus.vocabulary.decode(corpus.train.ids) == expected
    assert dict(zip(corpus.vocabulary.tokens, corpus.vocabulary.counts.tolist(), strict=True)) == Counter(
        expected
    )
    ends = expected if end_of_line else [*expected, ""]
    joined = " ".join(ends).replace(" </s> ", "\n").replace("</s> ", "\n").replace(" </s>", "\n")
    held = joined.replace("</s>", "\n")
    assert corpus.train.text == CodedText(len(held), len(held.encode()), 0.0)


@given(TEXTS, st.booleans())
def test_characters_are_code_points(text: str, end_of_line: bool) -> None:
    corpus = opened(text, tokens="characters", end_of_line=end_of_line)
    expected = list(text.replace("\r\n", "\n"))
    if end_of_line:
        expected = ["</s>" if character == "\n" else character for character in expected]
        expected += ["</s>"] if expected[-1] != "</s>" else []
    held = "".join(expected).replace("</s>", "\n")
    assert corpus.train.text == CodedText(len(held), len(held.encode()), 0.0)
    assert corpus.vocabulary.decode(corpus.train.ids) == expected


@given(TEXTS, st.integers(1, 40))
def test_the_size_of_a_piece_changes_nothing(text: str, size: int) -> None:
    whole = opened(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document_module, "PIECE", size)
        patch.setattr(encode_module, "BATCH", size)
        cut = opened(text)
    assert cut.vocabulary.tokens == whole.vocabulary.tokens
    assert np.array_equal(cut.train.ids, whole.train.ids)
    assert np.array_equal(cut.train.lines, whole.train.lines)


@given(TEXTS)
def test_lines_begin_behind_each_end(text: str) -> None:
    stream = opened(text).train
    ends = np.flatnonzero(np.asarray(stream.ids) == stream.vocabulary.end) + 1
    assert stream.lines.tolist() == [0, *ends.tolist()]
    assert stream.lines.dtype == np.int64


@given(TEXTS)
def test_ids_go_by_falling_count_then_code_points(text: str) -> None:
    vocabulary = opened(text, vocabulary={"unknown": "map"}).vocabulary
    order = [
        (-count, token) for token, count in zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True)
    ]
    assert order == sorted(order)
    assert vocabulary.unknown is not None


@given(TEXTS, TEXTS, st.integers(3, 12))
def test_a_bounded_vocabulary_maps_the_rest(train: str, test: str, size: int) -> None:
    corpus = opened(train, test, vocabulary={"size": size, "unknown": "map"})
    counts = Counter(reference(train, end_of_line=False))
    kept = sorted(counts, key=lambda word: (-counts[word], word))[: size - 2]
    if not kept:
        return
    assert set(corpus.vocabulary.tokens) == {*kept, "<unk>", "</s>"}
    expected = [word if word in {*kept, "</s>"} else "<unk>" for word in reference(test, end_of_line=True)]
    assert corpus.vocabulary.decode(corpus.test.ids) == expected
    assert int(corpus.vocabulary.counts.sum()) == len(corpus.train)


def test_min_count_counts_the_training_split_alone() -> None:
    corpus = opened("a a a b b c\n", "c c c c\n", vocabulary={"min_count": 2})
    assert set(corpus.vocabulary.tokens) == {"a", "b", "<unk>", "</s>"}
    assert corpus.vocabulary.decode(corpus.test.ids) == ["<unk>"] * 4 + ["</s>"]


def test_unknown_in_the_text_is_the_unknown_word() -> None:
    vocabulary = opened("a a <unk> b\n", vocabulary={"size": 3, "unknown": "map"}).vocabulary
    assert dict(zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True)) == {
        "a": 2,
        "<unk>": 2,
        "</s>": 1,
    }


def test_many_words_take_wide_ids() -> None:
    text = " ".join(f"w{number}" for number in range(70_000)) + "\n"
    corpus = opened(text)
    assert corpus.train.ids.dtype == np.uint32
    assert corpus.vocabulary.decode(corpus.train.ids) == reference(text, end_of_line=True)


def test_lower_case_goes_by_unicode() -> None:
    corpus = opened("ÉTÉ ÀB İ\n", lowercase=True)
    assert corpus.vocabulary.decode(corpus.train.ids) == ["été", "àb", "i̇", "</s>"]


def test_a_byte_order_mark_is_no_token() -> None:
    assert opened("\ufeffa b\n").vocabulary.decode(opened("\ufeffa b\n").train.ids) == ["a", "b", "</s>"]


def test_a_vocabulary_of_one_works() -> None:
    corpus = opened("aaaa", tokens="characters", end_of_line=False)
    assert corpus.vocabulary.tokens == ("a",)
    assert corpus.train.ids.tolist() == [0, 0, 0, 0]


def test_words_whose_hashes_collide_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    # A multiplier of zero forgets all but a word's last eight bytes.
    text = "first-ending-alike other-ending-alike first-ending-alike\n"
    monkeypatch.setattr(encode_module, "MULTIPLIERS", (0, *encode_module.MULTIPLIERS))
    corpus = opened(text)
    assert corpus.vocabulary.decode(corpus.train.ids) == reference(text, end_of_line=True)
