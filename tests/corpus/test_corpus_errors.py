"""Every mistake a user can make answers with one line that names what is wrong, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from corpus_cases import CONF, corpus_options, opened, silent, texts

from benchmark.corpus import fingerprint, tokeniser_of
from benchmark.corpus.document import LONGEST, PIECE
from benchmark.corpus.settings import corpus_settings
from benchmark.errors import UserError
from benchmark.sweep.compose import collect
from benchmark.task.settings import dataset_settings

#: Documents by names that any kind of source may have.
NAMES = {"train": "a.txt", "valid": "b.txt", "test": "c.txt"}


def refusal(options: dict[str, Any], folder: Path, corpora_dir: Path | None = None) -> str:
    with pytest.raises(UserError) as caught:
        opened(options, folder, corpora_dir)
    message = str(caught.value)
    assert "\n" not in message
    left = [path for path in (folder / "cache").rglob("*") if path.is_file() and path.name != ".lock"]
    assert left == []
    return message


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"lowercsae": True}, "corpus.lowercsae: there is no such setting. Did you mean 'lowercase'?"),
        (
            {"vocabulary": {"sise": 3}},
            "corpus.vocabulary.sise: there is no such setting. Did you mean 'size'?",
        ),
        ({"tokens": "wrods"}, "Did you mean 'words'?"),
        ({"lowercase": "perhaps"}, "corpus.lowercase='perhaps' is not usable"),
        ({"vocabulary": {"size": "many"}}, "corpus.vocabulary.size='many' is not usable"),
        ({"vocabulary": {"size": 0}}, "corpus.vocabulary.size=0 is not usable"),
        ({"vocabulary": {"size": 2}}, "no word is left for the vocabulary"),
        ({"vocabulary": {"min_count": 9}}, "no word is left for the vocabulary"),
        (
            {"vocabulary": {"size": 9, "unknown": "error"}},
            "corpus.vocabulary.unknown=error leaves no word out",
        ),
        ({"train": None}, "corpus.train is missing: name files for train, valid and test"),
        ({"text": "a.txt"}, "corpus.text has nothing to give"),
        ({"name": "a/b"}, "corpus.name='a/b' is not usable"),
        ({"published": [{"modle": "x"}]}, "corpus.published[0].modle: there is no such setting"),
        ({"source": {"kind": "nltk"}}, "corpus.source.name is missing"),
        (
            {"source": {"kind": "nltk", "name": "brwn"}, **NAMES},
            "NLTK has no such corpus. Did you mean 'brown'",
        ),
        (
            {"source": {"kind": "package", "name": "no-such", "folder": "x"}, **NAMES},
            "'no-such' is not installed",
        ),
        ({"expect": {"train": 7}}, "train comes to 4 targets, not 7"),
        ({"expect": {"sentences": 7}}, "sentences comes to 4 lines, not 7"),
    ],
)
def test_settings(tmp_path: Path, change: dict[str, Any], answer: str) -> None:
    options = {**texts(tmp_path, "a b\n\n"), **change}
    assert answer in refusal(options, tmp_path)


def test_counts_are_checked_when_a_cached_corpus_is_opened_too(tmp_path: Path) -> None:
    options = texts(tmp_path, "a b\n\n")
    opened(options, tmp_path)
    with pytest.raises(UserError, match="train comes to 4 targets, not 7"):
        opened({**options, "expect": {"train": 7}}, tmp_path)


def test_missing_name(tmp_path: Path) -> None:
    options = texts(tmp_path, "a\n")
    del options["name"]
    assert refusal(options, tmp_path) == "corpus.name is missing: give corpus.name=…"


def test_empty_file(tmp_path: Path) -> None:
    answer = refusal(texts(tmp_path, "a\n", valid=""), tmp_path)
    assert answer == f"the valid split is empty: there is no token in {tmp_path / 'valid.txt'}"


def test_blank_file_without_line_ends(tmp_path: Path) -> None:
    options = {**texts(tmp_path, "a\n", test=" \n \n"), "end_of_line": False}
    assert "the test split is empty" in refusal(options, tmp_path)


def test_missing_file_names_every_place(tmp_path: Path) -> None:
    options = {**texts(tmp_path, "a\n"), "train": "nowhere.txt"}
    answer = refusal(options, tmp_path, corpora_dir=tmp_path / "mine")
    assert answer.startswith("nowhere.txt is missing: looked for a text file at ")
    assert str(tmp_path / "mine" / "nowhere.txt") in answer
    assert "corpora_dir=FOLDER or NEXTWORD_CORPORA" in answer


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "is a folder" in refusal({**texts(tmp_path, "a\n"), "train": str(tmp_path)}, tmp_path)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    answer = refusal({**texts(tmp_path, "a\n"), "train": str(tmp_path / "pipe")}, tmp_path)
    assert "is a pipe or a device: looked for a text file" in answer


@pytest.mark.parametrize(
    ("change", "sign", "says"),
    [
        ({}, b"x", "has a word of more than 1,048,576 bytes"),
        (
            {"tokens": "words"},
            b"x ",
            "has more than 1,048,576 bytes, the most that corpus.tokens=words takes",
        ),
        ({"marks": "read"}, b"</s> ", "has more than 1,048,576 bytes, the most that corpus.marks=read takes"),
    ],
)
def test_what_has_no_end_is_refused(tmp_path: Path, change: dict[str, Any], sign: bytes, says: str) -> None:
    endless = texts(tmp_path, b"a b\nc " + sign * ((LONGEST + PIECE) // len(sign)))
    assert f"{tmp_path / 'train.txt'}, line 2 {says}" in refusal({**endless, **change}, tmp_path)


def test_a_paragraph_too_long_for_nltk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        raise TimeoutError("regular-expression match exceeded its 5.0s time limit")

    monkeypatch.setattr("nltk.tokenize.punkt.PunktSentenceTokenizer.tokenize", slow)
    answer = refusal({**texts(tmp_path, "a b.\n"), "tokens": "words"}, tmp_path)
    assert "NLTK cannot cut a paragraph as long as one of this text" in answer


@pytest.mark.parametrize("tokens", ["characters", "bytes"])
def test_characters_need_no_spaces(tmp_path: Path, tokens: str) -> None:
    train = "aé日" * ((LONGEST + 2 * PIECE) // 6)
    corpus = opened({**texts(tmp_path, train), "tokens": tokens}, tmp_path)
    assert len(corpus.train) == len(train if tokens == "characters" else train.encode()) + 1


def test_invalid_utf8_names_line_and_byte(tmp_path: Path) -> None:
    answer = refusal(texts(tmp_path, b"fine\nna\xefve\n"), tmp_path)
    assert f"{tmp_path / 'train.txt'} is not UTF-8 text: line 2, byte 7 of the file" in answer


def test_unseen_token_names_the_line(tmp_path: Path) -> None:
    options = {**texts(tmp_path, "a\n", valid="a\n\na new one\n"), "vocabulary": {"unknown": "error"}}
    answer = refusal(options, tmp_path)
    assert f"'new' in {tmp_path / 'valid.txt'}, line 3, is not in the training split" in answer


def test_unseen_character_names_the_line(tmp_path: Path) -> None:
    options = {**texts(tmp_path, "ab", valid="a", test="ab\nb"), "tokens": "characters", "end_of_line": False}
    options["vocabulary"] = {"unknown": "error"}
    assert f"'\\n' in {tmp_path / 'test.txt'}, line 1, is not in" in refusal(options, tmp_path)


def test_wrong_checksum(tmp_path: Path) -> None:
    (tmp_path / "mine" / "ptb").mkdir(parents=True)
    for part in ("train", "valid", "test"):
        (tmp_path / "mine" / "ptb" / f"ptb.{part}.txt").write_text("a\n")
    answer = refusal(corpus_options("ptb"), tmp_path, corpora_dir=tmp_path / "mine")
    assert "ptb.train.txt is not the expected file: its sha256 is " in answer
    assert "replace it" in answer


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    options = texts(tmp_path, "a\n")
    (tmp_path / "cache").mkdir(mode=0o500)
    assert "cannot write" in refusal(options, tmp_path)


def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    options = texts(tmp_path, "a\n")
    (tmp_path / "cache").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        opened(options, tmp_path)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.save", full)
    answer = refusal(texts(tmp_path, "a\n"), tmp_path)
    assert answer.endswith("No space left on device")


def test_every_corpus_of_the_suite_is_well_formed() -> None:
    for path in CONF.glob("*.yaml"):
        options = corpus_options(path.stem)
        assert options["name"] == path.stem
        if "task" in options:
            dataset_settings(options)
        elif path.stem != "files":
            tokeniser_of(options)
        if path.stem != "files":
            assert options["licence"]
            assert options["title"]


def test_the_users_files_must_be_named(tmp_path: Path) -> None:
    options = corpus_options("files", title="mine")
    with pytest.raises(UserError, match=r"or one text to split \(corpus.text=…\)"):
        fingerprint(options, corpora_dir=None, cache_dir=tmp_path, say=silent)


@pytest.mark.parametrize(
    ("tokens", "folded"),
    [("words", True), ("whitespace", True), ("characters", False), ("bytes", False), ("bpe", False)],
)
def test_case_is_folded_for_words_alone_unless_asked(tokens: str, folded: bool) -> None:
    line = ["corpus=files", "corpus.text=a.txt", f"corpus.tokens={tokens}"]
    for asked, expected in {"": folded, "true": True, "false": False}.items():
        (job,) = collect([*line, *([f"corpus.lowercase={asked}"] if asked else [])])
        assert corpus_settings(job.config["corpus"]).lowercase is expected
