"""ARPA files that KenLM reads, and KenLM as a baseline."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from ngram_texts import Notes, penn_treebank, stream_of, vocabulary_of, with_ends

from baselines.ngram.external.kenlm import KenLM
from baselines.ngram.external.lmplz import run_lmplz
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.stupid_backoff import StupidBackoff
from baselines.ngram.table.write_arpa import write_arpa
from benchmark.check import check_model
from benchmark.contract import RunLog, Skip
from benchmark.corpus import END, UNKNOWN
from benchmark.errors import UserError

WORDS = ["the", "cat", "sat", "dog", "down", "a", END, UNKNOWN]
LINES = [["the", "cat", "sat"], ["the", "dog", "sat", "down"], ["a", "cat"], []] * 3


def test_an_arpa_file_by_hand(tmp_path: Path) -> None:
    """Line "a", V = 2, discounts 0.5, 1, 1.5. p(a) = p(</s>) = 0.5/2 + 0.5/2 = 0.5 = b(<s>) = b(a);
    p(a | <s>) = p(</s> | a) = 0.5 + 0.5 · 0.5 = 0.75. log10 0.5 = −0.30103, log10 0.75 = −0.12493874."""
    stream = stream_of(["a", END], vocabulary_of(["a", END]))
    model = KneserNey(order=2)
    model.fit(stream, stream, RunLog())
    write_arpa(model.table, stream.vocabulary.tokens, tmp_path / "a.arpa")
    lines = (tmp_path / "a.arpa").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("\\", "ngram"))] == [
        "\\data\\", "ngram 1=4", "ngram 2=2", "\\1-grams:", "\\2-grams:", "\\end\\"
    ]  # fmt: skip
    entries = {
        words: tuple(map(float, (prob, *backoff))) for prob, words, *backoff in map(split, lines) if words
    }
    assert set(entries) == {"<unk>", "<s>", "a", END, "<s> a", f"a {END}"}
    assert entries["<unk>"] == (-99.0,)  # not a word of this vocabulary
    assert entries["<s>"] == pytest.approx((-99.0, -0.30103))
    assert entries["a"] == pytest.approx((-0.30103, -0.30103))
    assert entries[END] == pytest.approx((-0.30103, 0))
    assert entries["<s> a"] == entries[f"a {END}"] == pytest.approx((-0.12493874,))


def split(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else [line, ""]


@pytest.mark.parametrize("word", ["", "two words", "tab\t", "<s>", "<S>", "</S>", "<UNK>", "<Unk>"])
def test_words_that_the_format_cannot_hold(word: str, tmp_path: Path) -> None:
    stream = stream_of(["a", word], vocabulary_of(["a", word]))
    model = KneserNey(order=2)
    model.fit(stream, stream, RunLog())
    with pytest.raises(UserError, match="ARPA"):
        write_arpa(model.table, stream.vocabulary.tokens, tmp_path / "a.arpa")


def test_kenlm_scores_our_arpa_file_as_we_do(tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm")
    splits = penn_treebank()
    test = splits["test"].head(20_000)
    model = KneserNey(order=3)
    model.fit(splits["train"], splits["valid"], RunLog())
    write_arpa(model.table, test.vocabulary.tokens, tmp_path / "ptb.arpa")
    theirs = kenlm.Model(str(tmp_path / "ptb.arpa"))
    scores = []
    for start, stop in zip(test.lines, test.lines[1:] - 1, strict=False):
        sentence = " ".join(test.vocabulary.decode(test.ids[start:stop]))
        scores += [log10_prob for log10_prob, _, _ in theirs.full_scores(sentence)]
    assert np.array(scores) * np.log(10) == pytest.approx(model.log_probs(test), abs=1e-4)


@pytest.mark.parametrize("order", [1, 2])
def test_kenlm_scores_stupid_backoff_as_we_do(tmp_path: Path, order: int) -> None:
    """S(sat | cat) = 1/2, and after a word that never preceded another, α S(w)."""
    model = stupid_backoff(order)
    model.write_arpa(tmp_path / "sb.arpa")
    lines = (tmp_path / "sb.arpa").read_text(encoding="utf-8").splitlines()
    if order == 2:
        assert any(line.startswith("-0.30103") and line.endswith("\tcat sat") for line in lines)
    kenlm = pytest.importorskip("kenlm")
    if order == 1:
        return  # KenLM reads bigrams and longer
    test = stream_of(["down", "the", "sat", "cat", END, "a", "dog", "cat", "sat", END], vocabulary_of(WORDS))
    theirs = kenlm.Model(str(tmp_path / "sb.arpa"))
    scores = [
        log10_prob
        for sentence in ("down the sat cat", "a dog cat sat")
        for log10_prob, _, _ in theirs.full_scores(sentence)
    ]
    assert np.array(scores) * np.log(10) == pytest.approx(model.log_probs(test), abs=1e-5)


def test_stupid_backoff_of_higher_orders_is_no_arpa_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"order 3: a context never seen costs a factor of 0\.4"):
        stupid_backoff(3).write_arpa(tmp_path / "sb.arpa")
    assert not (tmp_path / "sb.arpa").exists()


def stupid_backoff(order: int) -> StupidBackoff:
    words = with_ends(LINES)
    model = StupidBackoff(order=order)
    stream = stream_of(words, vocabulary_of(WORDS))
    model.fit(stream, stream, RunLog())
    return model


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("context", ["sentence", "stream"])
def test_keeps_the_contract(order: int, context: str) -> None:
    pytest.importorskip("kenlm")
    findings = check_model(lambda: KenLM(order=order, context=context, lmplz=None))  # type: ignore[arg-type]
    assert [finding for finding in findings if finding.problem] == []


def test_without_lmplz_it_is_our_model() -> None:
    pytest.importorskip("kenlm")
    stream, notes = stream_of(with_ends(LINES)), Notes()
    ours, theirs = KneserNey(order=3), KenLM(order=3, lmplz=None)
    ours.fit(stream, stream, RunLog())
    theirs.fit(stream, stream, notes)
    assert "lmplz is not used" in notes.messages[0]
    assert notes.done[-1] == (len(stream), len(stream))
    assert theirs.log_probs(stream) == pytest.approx(ours.log_probs(stream), abs=1e-5)
    assert theirs.size().entries == ours.size().entries + 1  # an ARPA file lists <s>


def test_it_says_whose_programs_made_its_figures(tmp_path: Path) -> None:
    pytest.importorskip("kenlm")
    stream = stream_of(with_ends(LINES))
    model = KenLM(order=3, lmplz=None)
    model.fit(stream, stream, RunLog())
    assert model.notes[0] == "It was estimated by our Kneser-Ney and passed on to KenLM as an ARPA file."
    assert "a Python loop over KenLM's module" in model.notes[1]
    assert "computed" in model.notes[2]
    model.save(tmp_path)
    assert KenLM.load(tmp_path, stream.vocabulary).notes == model.notes


def test_words_of_blanks_and_reserved_words_are_no_trouble() -> None:
    """A character-level text has a blank for a word; and nothing stops a corpus from having `<s>`."""
    pytest.importorskip("kenlm")
    stream = stream_of([*"a b a\nc", "<s>", "a", " "], vocabulary_of([*"a b a\nc", "<s>"]))
    ours, theirs = KneserNey(order=3), KenLM(order=3)
    ours.fit(stream, stream, RunLog())
    theirs.fit(stream, stream, RunLog())
    assert theirs.log_probs(stream) == pytest.approx(ours.log_probs(stream), abs=1e-5)


def test_a_missing_package_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kenlm", None)
    stream = stream_of(with_ends(LINES))
    with pytest.raises(Skip, match=r"pip install 'nextword\[kenlm\]'"):
        KenLM(order=3).fit(stream, stream, RunLog())


def test_a_wrong_path_to_lmplz_is_named(tmp_path: Path) -> None:
    pytest.importorskip("kenlm")
    stream = stream_of(with_ends(LINES))
    with pytest.raises(UserError, match=r"model\.lmplz: no program at .*nowhere"):
        KenLM(order=3, lmplz=str(tmp_path / "nowhere")).fit(stream, stream, RunLog())


def test_lmplz_sorts_in_the_memory_it_is_given(tmp_path: Path) -> None:
    """A stand-in for the program notes its arguments."""
    program = tmp_path / "lmplz"
    program.write_text('#!/bin/sh\necho "$@" > "$(dirname "$0")/arguments"\n', encoding="utf-8")
    program.chmod(0o755)
    stream = stream_of(with_ends(LINES))
    run_lmplz(str(program), stream, stream.vocabulary.tokens, 3, "500M", tmp_path / "a.arpa")
    arguments = (tmp_path / "arguments").read_text(encoding="utf-8").split()
    assert arguments[arguments.index("--memory") + 1] == "500M"
    assert arguments[arguments.index("--order") + 1] == "3"
    temporary = Path(arguments[arguments.index("--temp_prefix") + 1])
    assert temporary.is_absolute()
    assert not temporary.exists()  # what it sorts on disk goes with it
