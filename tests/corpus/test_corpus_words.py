"""NLTK's words, remembered; prompts and samples."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_cases import corpus_options, opened, texts
from hypothesis import given
from hypothesis import strategies as st
from nltk.tokenize import NLTKWordTokenizer

from benchmark.corpus import CodedText, tokeniser_of
from benchmark.corpus.marks import Tokens
from benchmark.corpus.nltk_words import WordTokeniser, paragraphs
from benchmark.corpus.tokeniser import Tokeniser
from benchmark.errors import UserError

MARKS = ".,:;!?'\"()[]{}<>-–—*@#$%&`«»“”‘’/ "
FORMS = ["''", "``", "...", "can't", "cannot", "gonna", "'tis", "d'ye", "more'n", "wanna", "'s", "n't", "--"]
PIECES = st.sampled_from([*"abXY12", *MARKS, *FORMS, "'ll", "U.S.", "x ", "  ", "\t", "\u00a0"])


@given(st.lists(PIECES, max_size=14).map("".join))
def test_remembered_words_are_nltks(sentence: str) -> None:
    assert _remembering(sentence) == NLTKWordTokenizer().tokenize(" ".join(sentence.split()))


_remembering = WordTokeniser()


def test_sentences_are_lines_and_paragraphs_bound_them(tmp_path: Path) -> None:
    text = "A heading without end\nIt rained. Nobody came.\n\n" * 5
    options = {**texts(tmp_path, text, text, text), "tokens": "words", "lowercase": True}
    corpus = opened(options, tmp_path)
    words = corpus.vocabulary.decode(corpus.train.ids[:14])
    assert words[:5] == ["a", "heading", "without", "end", "</s>"]
    assert words[5:13] == ["it", "rained", ".", "</s>", "nobody", "came", ".", "</s>"]
    assert len(corpus.train.lines) == 16
    tokenised = "a heading without end\nit rained .\nnobody came .\n" * 5
    assert corpus.train.text == CodedText(len(tokenised), len(tokenised), 0.0)


def test_paragraphs_between_blank_lines_join_their_lines() -> None:
    text = "One line\ngoes on.\n \nNext.\n"
    assert paragraphs(text, "blank_line") == ["One line\ngoes on.", "Next.\n"]
    assert paragraphs(text, "line") == ["One line", "goes on.", "Next."]


@pytest.mark.parametrize(
    ("tokeniser", "prompt", "tokens"),
    [
        (Tokeniser("words", True, True), "It's late. The", ["it", "'s", "late", ".", "</s>", "the"]),
        (Tokeniser("words", True, False), "It's late. The", ["it", "'s", "late", ".", "the"]),
        (Tokeniser("whitespace", False, True), "Two  words\nmore", ["Two", "words", "</s>", "more"]),
        (Tokeniser("whitespace", False, True), "", []),
        (Tokeniser("characters", True, True), "Ab\r\nc", ["a", "b", "</s>", "c"]),
        (Tokeniser("characters", False, False), "A\nb", ["A", "\n", "b"]),
    ],
)
def test_prompts(tokeniser: Tokeniser, prompt: str, tokens: list[str]) -> None:
    assert tokeniser.tokenise(prompt) == tokens


@pytest.mark.parametrize(
    ("name", "tokens", "text"),
    [
        ("sotu", ["it", "'s", "late", ".", "</s>", "we", "do", "n't", "go", "."], "it's late.\nwe don't go."),
        ("ptb", ["mr.", "<unk>", "is", "</s>", "N"], "mr. <unk> is\nN"),
        ("tinyshakespeare", ["O", ",", "\n", "b"], "O,\nb"),
        ("names", ["a", "d", "a", "</s>", "e"], "ada\ne"),
    ],
)
def test_samples(name: str, tokens: list[str], text: str) -> None:
    assert tokeniser_of(corpus_options(name)).detokenise(tokens) == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r")))
def test_characters_of_a_prompt_come_back(prompt: str) -> None:
    for tokeniser in (Tokeniser("characters", False, True), Tokeniser("characters", False, False)):
        assert tokeniser.detokenise(tokeniser.tokenise(prompt)) == prompt


@pytest.mark.parametrize("tokens", ["words", "whitespace", "characters", "bytes"])
def test_a_prompt_with_half_a_character_is_refused(tokens: Tokens) -> None:
    with pytest.raises(UserError, match=r"U\+D800, at place 3"):
        Tokeniser(tokens, False, True).tokenise("a \ud800")
