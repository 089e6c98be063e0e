"""Bytes and subwords: tokens that can write any text, and give back exactly the text they are made of."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_cases import opened, silent, texts
from hypothesis import given
from hypothesis import strategies as st

from benchmark.corpus import CodedText, Corpus, byte_pairs, fingerprint, open_corpus, tokeniser_of
from benchmark.corpus import document as document_module
from benchmark.corpus.byte_symbols import SYMBOLS, to_bytes, to_symbols
from benchmark.corpus.tokeniser import Tokeniser
from benchmark.errors import UserError

pytest.importorskip("tokenizers")

TRAINING = "the cat sat on the mat </s> <unk>\nthe café sat\n\n" * 20
KINDS = [("bytes", None), ("bpe", 256), ("bpe", 300)]
#: Any text: signs that are marks by default, and white space of all kinds, among others.
TEXTS = st.lists(
    st.one_of(
        st.text(),
        st.sampled_from(["</s>", "<s>", "<unk>", "the cat", "\u00a0", "\x1c", " \n", "\t", "Ġ", "Ċ", "𝄞"]),
    )
).map("".join)


def options(folder: Path, kind: str, size: int | None, test: str = TRAINING, **more: Any) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    return {
        **texts(folder, TRAINING, TRAINING, test),
        "tokens": kind,
        "vocabulary": {"size": size},
        "marks": "text",
        **more,
    }


@pytest.fixture(scope="module", params=[(kind, ends) for kind in KINDS for ends in (True, False)], ids=str)
def tokeniser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tokeniser:
    (kind, size), ends = request.param
    folder = tmp_path_factory.mktemp("corpus")
    return opened(options(folder, kind, size, end_of_line=ends), folder).tokeniser


@given(TEXTS)
def test_any_text_comes_back(tokeniser: Tokeniser, text: str) -> None:
    assert tokeniser.detokenise(tokeniser.tokenise(text)) == text.replace("\r\n", "\n")


@given(st.text())
def test_every_byte_has_a_symbol_that_is_no_white_space(text: str) -> None:
    assert to_bytes([to_symbols(text)]).decode() == text
    assert len(set(SYMBOLS)) == 256
    assert not any(symbol.isspace() for symbol in SYMBOLS)


def text_of(corpus: Corpus) -> str:
    return corpus.detokenise(corpus.vocabulary.decode(corpus.test.ids))


@pytest.mark.parametrize(("kind", "size"), KINDS)
@pytest.mark.parametrize("ends", [True, False])
def test_a_corpus_holds_its_text_and_knows_every_token(
    tmp_path: Path, kind: str, size: int | None, ends: bool
) -> None:
    test = "</s> a zebra’s\tcrossing \u00a0 日本 𝄞\n\n  <unk> \n"
    corpus = opened(options(tmp_path, kind, size, test, end_of_line=ends), tmp_path)
    assert text_of(corpus) == test
    assert corpus.vocabulary.unknown is None
    assert corpus.protocol["unknown"] == "none"
    assert (corpus.vocabulary.end is not None) == ends
    assert corpus.test.text == CodedText(len(test), len(test.encode()), 0.0)
    assert corpus.vocabulary.decode(corpus.train.ids)[:40] == corpus.tokenise(TRAINING)[:40]
    counted = Counter(corpus.vocabulary.decode(corpus.train.ids))
    assert counted == {
        token: count
        for token, count in zip(corpus.vocabulary.tokens, corpus.vocabulary.counts.tolist(), strict=True)
        if count
    }


def test_there_are_as_many_tokens_as_asked_for(tmp_path: Path) -> None:
    assert len(opened(options(tmp_path, "bpe", 270), tmp_path).vocabulary) == 270
    assert len(opened(options(tmp_path, "bytes", 5), tmp_path).vocabulary) == 256
    without_ends = opened(options(tmp_path, "bytes", None, end_of_line=False), tmp_path)
    assert sorted(without_ends.vocabulary.tokens) == sorted(SYMBOLS)


def test_frequent_words_become_one_token_and_marks_never_do(tmp_path: Path) -> None:
    corpus = opened(options(tmp_path, "bpe", 400), tmp_path)
    assert {"Ġcat", "Ġsat", "Ġthe"} <= set(corpus.vocabulary.tokens)
    assert not {"<unk>", "<s>"} & set(corpus.vocabulary.tokens)
    assert corpus.vocabulary.tokens.count("</s>") == 1


@given(
    st.lists(
        st.sampled_from(["a", "the", "é", "!", " ", "  ", "\n", "\t", "\u3000", "\x1c", "\x85"]), min_size=1
    )
)
@pytest.mark.parametrize("ends", [True, False])
def test_the_size_of_a_piece_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, ends: bool, parts: list[str]
) -> None:
    encoded = []
    for size in (1 << 18, 1, 3):
        folder = tmp_path_factory.mktemp("pieces")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(document_module, "PIECE", size)
            corpus = opened(options(folder, "bpe", 270, "".join(parts), end_of_line=ends), folder)
        encoded.append(corpus.vocabulary.decode(corpus.test.ids))
    assert encoded[1:] == encoded[:1] * 2


TRAIN = """
import sys
from benchmark.corpus import byte_pairs
pieces = [line.encode() for line in sys.stdin]
sys.stdout.write(byte_pairs.train(pieces, 330, 1, lines=True))
"""


def test_the_same_text_gives_the_same_subwords_in_every_process() -> None:
    text = " ".join(f"{a}{b}{c}" for a in "abcd" for b in "efgh" for c in "ijkl") + "\n"
    made = {
        subprocess.run(
            [sys.executable, "-c", TRAIN], input=text, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(3)
    }
    assert len(made) == 1


def test_subwords_are_learnt_from_the_training_split_alone(tmp_path: Path) -> None:
    plain = opened(options(tmp_path / "a", "bpe", 400, "the cat\n"), tmp_path / "a")
    other = opened(options(tmp_path / "b", "bpe", 400, "zebra zebra\n" * 99), tmp_path / "b")
    assert plain.vocabulary.tokens == other.vocabulary.tokens


def test_the_encoding_is_kept_with_the_corpus_and_with_a_run(tmp_path: Path) -> None:
    settings = options(tmp_path, "bpe", 300)
    first, again = opened(settings, tmp_path), opened(settings, tmp_path)
    assert again.tokeniser == first.tokeniser
    kept = tmp_path / "checkpoint"
    kept.mkdir()
    first.tokeniser.save(kept)
    assert [file.name for file in kept.iterdir()] == ["tokenizer.json"]
    assert tokeniser_of(settings, kept).tokenise("the café") == first.tokenise("the café")
    with pytest.raises(UserError, match=r"tokenizer\.json"):
        tokeniser_of(settings, tmp_path)


def test_a_damaged_encoding_is_made_again(tmp_path: Path) -> None:
    settings = options(tmp_path, "bpe", 300)
    before = opened(settings, tmp_path)
    (file,) = (tmp_path / "cache" / "encoded").glob("small-*/tokenizer.json")
    file.write_text(file.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    said: list[str] = []
    after = open_corpus(settings, corpora_dir=None, cache_dir=tmp_path / "cache", say=said.append)
    assert said[0] == "encoding small again: its cache is damaged or of another version"
    assert np.array_equal(after.train.ids, before.train.ids)


def mark(settings: dict[str, Any], **vocabulary: Any) -> str:
    changed = {**settings, "vocabulary": vocabulary}
    return fingerprint(changed, corpora_dir=None, cache_dir=None, say=silent)


def test_what_does_not_count_for_a_vocabulary_is_not_part_of_its_identity(tmp_path: Path) -> None:
    bytewise, subwords = options(tmp_path, "bytes", None), options(tmp_path, "bpe", 300)
    assert mark(bytewise, size=7, unknown="error") == mark(bytewise)
    assert mark(subwords, size=300, unknown="error") == mark(subwords, size=300)
    assert mark(subwords, size=301) != mark(subwords, size=300)
    assert mark(subwords, size=300, min_count=2) != mark(subwords, size=300)


@pytest.mark.parametrize("size", [None, 255])
def test_too_few_subwords_are_refused(tmp_path: Path, size: int | None) -> None:
    with pytest.raises(UserError, match=r"corpus\.vocabulary\.size=.* 256 are there before"):
        opened(options(tmp_path, "bpe", size), tmp_path)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UserError, match=r"pip install 'nextword\[bpe\]'"):
        opened(options(tmp_path, "bpe", 300), tmp_path)


def test_tables_show_text(tmp_path: Path) -> None:
    shown = Tokeniser("bpe", False, True).shown
    assert [shown(token) for token in ("Ġcat", "cafÃ©", "Ã", "</s>")] == [" cat", "café", "\\xc3", "</s>"]
    assert Tokeniser("words", False, True).shown("Ġcat") == "Ġcat"


def test_a_part_of_a_character_is_shown_as_one_that_is_missing() -> None:
    assert Tokeniser("bytes", False, True).detokenise(["a", "Ã", "</s>", "b"]) == "a\ufffd\nb"
    assert byte_pairs.WHITESPACE.isspace()
