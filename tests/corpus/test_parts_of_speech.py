"""Tags travel with a corpus: each token has the part of speech of its word."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_cases import MIRROR, needs_mirror, opened, texts

from benchmark.corpus import Corpus, TokenStream
from benchmark.corpus.parts_of_speech import CLASSES, class_of

#: Tagged sentences, and the class of each word by hand: a letter each.
SENTENCES = {
    "The/at Fulton/np-tl jury/nn doesn't/doz* say/vb no/at-hl ./.": "DNNVVD.",
    "I'll/ppss+md sit/vb on/in it/ppo --/--": "TVPO.",
    "L'/fw-at état/fw-nn isn't/bez* not/* his/pp$ ?/.": "XXVAD.",
}
CALLED = "N nouns V verbs A adverbs D determiners P prepositions O pronouns T particles X other . punctuation"
LETTERS = dict(zip(CALLED.split()[::2], CALLED.split()[1::2], strict=True))
NAMES = (*CLASSES, "</s>")
Tagged = list[tuple[str, str]]


@pytest.fixture
def brown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A Brown corpus of one file for each split, with nothing of the real one."""
    import nltk.corpus
    import nltk.data
    from nltk.corpus.reader import TaggedCorpusReader

    folder = tmp_path / "corpora" / "nltk_data" / "corpora" / "brown"
    folder.mkdir(parents=True)
    lines = list(SENTENCES)
    for name, some in {"ca01": lines, "ca02": lines[1:], "ca03": lines[::-1]}.items():
        (folder / name).write_text("\n\n".join(some) + "\n", encoding="utf-8")
    monkeypatch.setattr(nltk.data, "path", [str(folder.parents[1])])
    monkeypatch.setattr(nltk.corpus, "brown", TaggedCorpusReader(str(folder), r"ca\d\d"))
    source = {"kind": "nltk", "name": "brown"}
    return {"name": "small", "source": source, "train": "ca01", "valid": "ca02", "test": "ca03"}


def open_brown(options: dict[str, Any], folder: Path) -> Corpus:
    return opened(options, folder, corpora_dir=folder / "corpora")


def of(stream: TokenStream) -> Tagged:
    """The tokens of a stream with the names of their classes."""
    assert stream.tags is not None
    assert stream.tags.dtype == np.uint8
    tokens = stream.vocabulary.decode(stream.ids)
    return list(zip(tokens, (NAMES[tag] for tag in stream.tags), strict=True))


def by_hand(*sentences: int) -> list[Tagged]:
    """The words of some sentences, and their classes."""
    every = [
        [(pair.rpartition("/")[0], LETTERS[letter]) for pair, letter in zip(line.split(), word, strict=True)]
        for line, word in SENTENCES.items()
    ]
    return [every[number] for number in sentences]


def test_words_have_the_classes_of_their_tags(brown: dict[str, Any], tmp_path: Path) -> None:
    for _ in ("made", "from the cache"):
        corpus = open_brown(brown, tmp_path)
        assert isinstance(corpus.test.tags, np.memmap)
        end = ("</s>", "</s>")
        assert of(corpus.train) == [pair for line in by_hand(0, 1, 2) for pair in [*line, end]]
        assert of(corpus.test) == [pair for line in by_hand(2, 1, 0) for pair in [*line, end]]


def test_splits_within_a_document_and_lower_case(brown: dict[str, Any], tmp_path: Path) -> None:
    options = {key: brown[key] for key in ("name", "source")}
    changes = {"text": "ca01", "split": [5, 4, None], "split_unit": "words"}
    corpus = open_brown({**options, **changes, "lowercase": True, "end_of_line": False}, tmp_path)
    words = [(word.lower(), name) for line in by_hand(0, 1, 2) for word, name in line]
    assert of(corpus.train) == words[:5]
    assert of(corpus.valid) == [("<unk>", name) for _, name in words[5:9]]
    assert [name for _, name in of(corpus.test)] == [name for _, name in words[9:]]


@pytest.mark.parametrize("tokens", ["characters", "bytes"])
def test_parts_of_a_word_share_its_class(brown: dict[str, Any], tmp_path: Path, tokens: str) -> None:
    corpus = open_brown({**brown, "tokens": tokens, "end_of_line": True}, tmp_path)
    expected = []
    for line in by_hand(0, 1, 2):
        for place, (word, name) in enumerate(line):
            size = len(word) if tokens == "characters" else len(word.encode())
            expected += [name] * (size + (place > 0))  # a space goes with the word after it
        expected.append("</s>")
    assert [name for _, name in of(corpus.train)] == expected


def test_a_contraction_that_is_split_shares_its_class(brown: dict[str, Any], tmp_path: Path) -> None:
    corpus = open_brown({**brown, "tokens": "words"}, tmp_path)
    found = of(corpus.train)
    assert found[3:6] == [("does", "verbs"), ("n't", "verbs"), ("say", "verbs")]
    assert [pair for pair in found if pair[0] in ("I", "'ll")] == [("I", "particles"), ("'ll", "particles")]


def test_tags_that_do_not_fit_are_left_out(
    brown: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmark.corpus.nltk_documents import NltkDocument

    monkeypatch.setattr(NltkDocument, "tags", lambda document: np.zeros(3, dtype=np.uint8))
    corpus = open_brown(brown, tmp_path)
    assert corpus.test.tags is None
    assert len(corpus.test) == 21


def test_a_text_without_tags_has_none(tmp_path: Path) -> None:
    corpus = opened(texts(tmp_path, "a b\n"), tmp_path)
    assert (corpus.train.tags, corpus.test.tags) == (None, None)


@pytest.mark.parametrize(
    ("corpus", "tag", "name"),
    [
        ("brown", "NN$-TL-HL", "nouns"),
        ("brown", "---HL", "punctuation"),
        ("brown", "*-NC", "adverbs"),
        ("brown", "WRB+DOD*", "particles"),
        ("brown", "PPSS+BER-N", "particles"),
        ("brown", "FW-IN+AT-T", "other"),
        ("brown", "VB+PPO", "verbs"),
        ("brown", "unheard-of", "other"),
        ("treebank", "NNPS", "nouns"),
        ("treebank", "-NONE-", "other"),
        ("conll2000", "PRP$", "pronouns"),
        ("conll2000", "WDT", "determiners"),
    ],
)
def test_classes_of_tags(corpus: str, tag: str, name: str) -> None:
    assert CLASSES[class_of(tag, corpus)] == name


@needs_mirror
@pytest.mark.slow
def test_conll_has_the_tags_that_its_reader_finds(tmp_path: Path) -> None:
    from nltk.corpus import conll2000

    options = {
        "name": "conll",
        "source": {"kind": "nltk", "name": "conll2000"},
        "train": "train.txt",
        "valid": "test.txt",
        "test": "test.txt",
    }
    corpus = opened(options, tmp_path, corpora_dir=Path(str(MIRROR)))
    found = [(NAMES[tag]) for tag in corpus.test.tags]  # type: ignore[union-attr]
    sentences = conll2000.tagged_sents("test.txt")
    assert found == [
        name
        for line in sentences
        for name in [*(CLASSES[class_of(tag, "conll2000")] for _, tag in line), "</s>"]
    ]
    assert Counter(found)["</s>"] == len(sentences)
