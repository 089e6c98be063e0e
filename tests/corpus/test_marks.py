"""`<s>`, `</s>` and `<unk>` in a text: one rule for every tokeniser, split and prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_cases import opened, texts

from benchmark.corpus.tokeniser import Tokeniser
from benchmark.errors import UserError

KINDS = ["whitespace", "words", "characters", "bytes", "bpe"]
CUTTING = KINDS[1:]
PLAIN = "the cat sat on the mat\n\na dog saw a cat"


def options(folder: Path, tokens: str, **more: Any) -> dict[str, Any]:
    if tokens == "bpe":
        pytest.importorskip("tokenizers")
    size = 300 if tokens == "bpe" else None
    parts = {part: more.pop(part, PLAIN + "\n") for part in ("train", "valid", "test")}
    return {**texts(folder, **parts), "tokens": tokens, "vocabulary": {"size": size}, **more}


@pytest.mark.parametrize("part", ["train", "valid", "test"])
@pytest.mark.parametrize("tokens", KINDS)
def test_a_mark_is_refused_with_its_line(tmp_path: Path, tokens: str, part: str) -> None:
    for number, mark in enumerate(("<s>", "</s>", "<unk>")):
        if (tokens, mark) == ("whitespace", "<unk>"):
            continue
        with pytest.raises(UserError) as caught:
            opened(options(tmp_path, tokens, **{part: f"a\nb\nc {mark} d\n"}), tmp_path / str(number))
        where = tmp_path / f"{part}.txt"
        assert str(caught.value).startswith(f"'{mark}' in {where}, line 3, is reserved (it marks ")
        assert ("corpus.marks=text" in str(caught.value)) == (tokens != "whitespace")


@pytest.mark.parametrize("tokens", KINDS)
def test_lower_case_makes_marks(tmp_path: Path, tokens: str) -> None:
    marked = options(tmp_path, tokens, test="a </S> b\n")
    assert len(opened(marked, tmp_path).test)
    with pytest.raises(UserError, match=r"'</S>' in .*test.txt, line 1, is reserved"):
        opened({**marked, "lowercase": True}, tmp_path)


def test_the_line_is_that_of_the_file_when_a_text_is_split(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("a b\r\n" * 9 + "a </s>\r\n")
    split = {"name": "small", "text": str(tmp_path / "one.txt"), "split": [0.8, 0.1, 0.1]}
    with pytest.raises(UserError, match=r"'</s>' in .*one.txt, line 10, is reserved"):
        opened(split, tmp_path)


@pytest.mark.parametrize("end_of_line", [True, False])
@pytest.mark.parametrize("tokens", KINDS)
def test_marks_of_lines_that_are_read_change_nothing(tmp_path: Path, tokens: str, end_of_line: bool) -> None:
    marked = "\n".join(f" <s> {line} </s> " if line else "<s> </s>" for line in PLAIN.split("\n"))
    settings = options(tmp_path, tokens, lowercase=True, end_of_line=end_of_line, test=PLAIN.upper() + "\n")
    plain = opened(settings, tmp_path)
    for part in ("train", "valid", "test"):
        (tmp_path / f"{part}.txt").write_text(marked.upper() + "\n")
    read = opened({**settings, "marks": "read"}, tmp_path)
    assert read.vocabulary.tokens == plain.vocabulary.tokens
    assert np.array_equal(read.train.ids, plain.train.ids)
    assert np.array_equal(read.test.lines, plain.test.lines)
    assert (read.protocol, read.test.text) == (plain.protocol, plain.test.text)
    assert read.fingerprint != plain.fingerprint


def test_a_mark_within_a_line_is_not_read(tmp_path: Path) -> None:
    for number, line in enumerate(("a <s> b", "a </s> b", "</s> a", "a <s>")):
        with pytest.raises(UserError, match=r"line 2, is reserved .* of a line only"):
            opened(options(tmp_path, "whitespace", marks="read", test=f"a\n{line}\n"), tmp_path / str(number))


def test_an_unknown_word_that_is_read_is_one_token(tmp_path: Path) -> None:
    text = "Mr. <unk> came, said <unk>. \n(<unk>) went"
    corpus = opened(options(tmp_path, "words", marks="read", train=text, test=text), tmp_path)
    assert corpus.vocabulary.decode(corpus.test.ids).count("<unk>") == 3
    assert not {"<", "unk", ">"} & set(corpus.vocabulary.tokens)
    assert corpus.tokenise("the <unk> dog") == ["the", "<unk>", "dog"]


@pytest.mark.parametrize("tokens", CUTTING)
def test_marks_taken_as_text_are_signs(tmp_path: Path, tokens: str) -> None:
    signs = "</s> <unk>\n"
    corpus = opened(options(tmp_path, tokens, marks="text", train=signs, test=signs), tmp_path)
    joined = "".join(corpus.vocabulary.decode(corpus.test.ids)[:-1])
    assert joined.replace(" ", "").replace("Ġ", "") == "</s><unk>"
    assert int(np.sum(corpus.test.ids == corpus.vocabulary.end)) == 1


def test_words_between_spaces_cannot_be_text_and_marks(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"corpus\.marks=text is not usable with tokens=whitespace"):
        opened(options(tmp_path, "whitespace", marks="text"), tmp_path)
    assert "a</s>" in opened(options(tmp_path, "whitespace", train="a</s> b <s>c\n"), tmp_path).vocabulary.ids


@pytest.mark.parametrize("tokens", ["whitespace", "words", "characters", "bytes"])
def test_prompts_obey_the_rule(tokens: Any) -> None:
    with pytest.raises(UserError, match="'</s>' in the prompt, is reserved"):
        Tokeniser(tokens, False, True).tokenise("a </s> b")
    assert Tokeniser(tokens, False, True, marks="read").tokenise("<s> a") == ["a"]
    for marks, way in (("refuse", "leave it out"), ("read", "it may stand at the beginning of a line only")):
        with pytest.raises(UserError, match=rf"'<s>' in the prompt, is reserved \(.*\): {way}$"):
            Tokeniser(tokens, False, True, marks=marks).tokenise(
                "a <s> b"
            )  # a model's marks stay as they are
    if tokens != "whitespace":
        with pytest.raises(UserError, match="'<UNK>' in the prompt, is reserved"):
            Tokeniser(tokens, True, True).tokenise("a <UNK>")
