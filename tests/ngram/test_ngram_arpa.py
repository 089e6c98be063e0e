"""Reading ARPA files: any tool's, damaged ones, and ones whose words are not the corpus's."""

from __future__ import annotations

import gzip
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ngram_texts import Lines, Notes, small_texts, stream_of, vocabulary_of, with_ends

from baselines.ngram.arpa.model import Arpa
from baselines.ngram.arpa.read import read_arpa
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.table.write_arpa import write_arpa
from benchmark.check import check_model
from benchmark.check.texts import made_up
from benchmark.contract import RunLog, Skip
from benchmark.corpus import END, UNKNOWN
from benchmark.errors import UserError

#: p(a) = 0.5, p(b) = 0.2, p(</s>) = 0.2, p(<unk>) = 0.1; p(a | a) = 0.6, p(b | a) = 0.2, p(</s> | a b) = 0.9.
#: b(a) = (1 − 0.8) / (1 − 0.7) = 2/3; b(a b) = 0.1 / (1 − 0.2) = 1/8.
FILE = """\
made by hand

\\data\\
ngram 1=5
ngram  2= 2
ngram 3=1

\\1-grams:
-0.69897000\tb
-0.30103000\ta\t-0.17609126
-99\t<s>
-0.69897000 </s>
-1\t<unk>

\\2-grams:
-0.22184875\ta a
-0.69897000\ta b\t-0.90308999

\\3-grams:
-0.045757491\ta b </s>

\\end\\
"""
WORDS = ["a", "b", END, UNKNOWN]

Grams = dict[tuple[str, ...], tuple[float, float]]


def as_file(text: str, folder: Path, name: str = "model.arpa") -> str:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return str(folder / name)


def fitted(path: str | Path, words: Sequence[str], log: RunLog | None = None) -> Arpa:
    model = Arpa(path=str(path))
    stream = stream_of([], vocabulary_of(words))
    model.fit(stream, stream, log or RunLog())
    return model


def after(model: Arpa, *history: str) -> dict[str, float]:
    """p(w | history) of every word."""
    (row,) = np.exp(model.next_log_probs([model.vocabulary.encode(history)]))
    return dict(zip(model.vocabulary.tokens, row.tolist(), strict=True))


def test_a_file_by_hand(tmp_path: Path) -> None:
    model = fitted(as_file(FILE, tmp_path), WORDS)
    assert (model.table.order, model.normalised) == (3, True)
    assert model.size().entries == 4 + 2 + 1 + 1  # `b </s>`, in which `a b </s>` ends, is put in
    assert after(model) == pytest.approx({"a": 0.5, "b": 0.2, END: 0.2, UNKNOWN: 0.1})
    assert after(model, "a") == pytest.approx({"a": 0.6, "b": 0.2, END: 0.4 / 3, UNKNOWN: 0.2 / 3})
    assert after(model, "b", "a", "b") == pytest.approx(
        {"a": 0.5 / 8, "b": 0.2 / 8, END: 0.9, UNKNOWN: 0.1 / 8}
    )


def test_gzip_and_line_ends_of_another_system(tmp_path: Path) -> None:
    plain = read_arpa(Path(as_file(FILE, tmp_path)))
    (tmp_path / "packed").write_bytes(gzip.compress(FILE.replace("\n", "\r\n").encode()))
    packed = read_arpa(tmp_path / "packed")
    assert packed.words == plain.words
    for ours, theirs in zip(packed.sections, plain.sections, strict=True):
        assert np.array_equal(ours.words, theirs.words)
        assert np.array_equal(ours.log10_probs, theirs.log10_probs)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("\\data\\", "data", r"is not an ARPA file: it has no line"),
        ("ngram 3=1", "ngram 4=1", r"line 6: 'ngram 4=1' where the header has ngram 3="),
        ("ngram 1=5", "ngram 1=6", r"line 4: the header counts 6 1-grams, but there are 5"),
        ("\\2-grams:", "\\4-grams:", r"line 15: \\4-grams: does not belong here; .* 1 to 3"),
        ("\\3-grams:", "\\bigrams:", r"line 19: \\bigrams: does not belong here"),
        ("\\end\\\n", "", r"line 2\d: the file ends here without its \\end\\"),
        ("\\3-grams:\n-0.045757491\ta b </s>\n\n\\end\\\n", "", r"line \d+: the file ends here"),
        ("\\3-grams:\n-0.045757491\ta b </s>\n", "", r"line \d+: \\end\\ stands where \\3-grams: should"),
        ("-0.22184875\ta a", "-0.22l84875\ta a", r"line 16: '-0.22l84875' is not a number"),
        ("-0.22184875\ta a", "nan\ta a", r"line 16: 'nan' is not a number"),
        ("a\t-0.17609126", "a\tinf", r"line 10: inf is not a backoff weight"),
        ("-0.30103000\ta", "0.30103000\ta", r"line 10: 0.30103 is above 0"),
        ("-0.22184875\ta a", "-0.22184875\ta", r"line 16: 2 fields for a 2-gram; there must be"),
        ("-0.22184875\ta a", "-0.22184875\ta a -1 -1", r"line 16: 5 fields for a 2-gram"),
        ("-0.22184875\ta a", "-0.22184875\ta c", r"line 16: the word 'c' is not among the 1-grams"),
        ("-0.22184875\ta a", "-0.22184875\ta b", r"line 17: this 2-gram is listed a second time"),
        ("-0.69897000\tb", "-0.69897000\ta", r"line 10: the 1-gram 'a' comes"),
        ("a b </s>\n", "a b </s>\t-0.5\n", r"line 20: a backoff weight at the highest order"),
        ("made by hand", "iARPA", r"IRSTLM's own format; convert it with compile-lm"),
        ("made by hand", "mmap lm http://kheafield.com/code format", r"KenLM's binary format"),
    ],
)
def test_damage_is_named_with_its_line(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert FILE.count(old) == 1
    with pytest.raises(UserError, match=says) as caught:
        fitted(as_file(FILE.replace(old, new), tmp_path), WORDS)
    assert "model.arpa" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(FILE.replace("\tb\n", "\tbé\n").encode("latin-1"))
    with pytest.raises(UserError, match=r"latin, line 9: not UTF-8"):
        read_arpa(tmp_path / "latin")


def test_a_cut_off_gzip_and_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(FILE.encode())[:-20])
    with pytest.raises(UserError, match=r"cut\.gz cannot be decompressed to its end"):
        read_arpa(tmp_path / "cut.gz")
    with pytest.raises(UserError, match=r"nowhere.*cannot be read"):
        read_arpa(tmp_path / "nowhere")


def test_zero_is_written_in_many_ways(tmp_path: Path) -> None:
    """SRILM's −99, −inf; what has no probability is not hidden."""
    for zero in ("-99", "-inf", "-99.9999"):
        model = fitted(as_file(FILE.replace("-1\t<unk>", f"{zero}\t<unk>"), tmp_path), WORDS)
        assert after(model)[UNKNOWN] == 0
        assert not model.normalised  # 0.1 is now missing


def test_unk_in_capitals(tmp_path: Path) -> None:
    assert after(fitted(as_file(FILE.replace("<unk>", "<UNK>"), tmp_path), WORDS))[UNKNOWN] == pytest.approx(
        0.1
    )


def test_a_score_says_so(tmp_path: Path) -> None:
    notes = Notes()
    model = fitted(as_file(FILE.replace("a\t-0.17609126", "a\t-0.39794"), tmp_path), WORDS, notes)
    assert not model.normalised
    assert Arpa.normalised
    assert "do not sum to one" in notes.messages[-1]


def test_start_as_an_event(tmp_path: Path) -> None:
    """IRSTLM gives <s> a probability, here 0.1: p(a) = 0.5 / 0.9, p(</s> | a b) = 0.9 / (1 − 0.1/8)."""
    text = FILE.replace("-99\t<s>\n", "").replace("\t<unk>", "\t<s>").replace("1=5", "1=4")
    model = fitted(as_file(text, tmp_path), ["a", "b", END])
    assert model.normalised
    assert after(model)["a"] == pytest.approx(0.5 / 0.9)
    assert after(model, "b", "a", "b")[END] == pytest.approx(0.9 / (1 - 0.1 / 8))


def test_no_file_is_a_skip() -> None:
    stream = stream_of(["a", END])
    with pytest.raises(Skip, match=r"model\.path=FILE\.arpa"):
        Arpa().fit(stream, stream, RunLog())


# --- words that are not the corpus's, against plain Python on the file's own model


def grams_of(path: Path) -> Grams:
    """p and b by n-gram, read line by line."""
    grams: Grams = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.count("\t"):
            prob, words, *backoff = line.split("\t")
            zero = float(prob) <= -99
            grams[tuple(words.split())] = (0 if zero else 10 ** float(prob), 10 ** float(*backoff or "0"))
    return grams


def probability(grams: Grams, word: str, history: tuple[str, ...]) -> float:
    """The backoff formula as it stands."""
    if (*history, word) in grams:
        return grams[*history, word][0]
    if not history:
        return 0.0
    return grams.get(history, (0, 1.0))[1] * probability(grams, word, history[1:])


def a_file(lines: Lines, order: int, folder: Path) -> Path:
    stream = stream_of(with_ends(lines), vocabulary_of(with_ends(lines), UNKNOWN))
    model = KneserNey(order=order)
    model.fit(stream, stream, RunLog())
    write_arpa(model.table, stream.vocabulary.tokens, folder / "kn.arpa")
    return folder / "kn.arpa"


@given(
    lines=small_texts,
    order=st.integers(1, 4),
    lacking=st.sets(st.sampled_from(["a", "b", "c", UNKNOWN, END])),
    history=st.lists(st.sampled_from("abcde"), max_size=4),
)
def test_words_that_only_the_file_has(
    tmp_path_factory: pytest.TempPathFactory, lines: Lines, order: int, lacking: set[str], history: list[str]
) -> None:
    """They are <unk>, or where that is none, or for </s>, impossible; probabilities still sum to one."""
    assume(any(lines))
    path = a_file(lines, order, tmp_path_factory.mktemp("arpa"))
    grams = grams_of(path)
    events = {words[0] for words in grams if len(words) == 1} - {"<s>"}
    ours = events - lacking
    assume(ours - {END, UNKNOWN})
    model = fitted(path, sorted(ours))
    assert model.normalised
    history = [word for word in history if word in ours]
    seen = tuple(["<s>", *history] if END in ours else history)[-(order - 1) :] if order > 1 else ()
    expected = {word: probability(grams, word, seen) for word in events}
    if UNKNOWN in ours:
        expected[UNKNOWN] += sum(expected[word] for word in events - ours - {END})
    total = sum(expected[word] for word in ours)
    assert after(model, *history) == pytest.approx({word: expected[word] / total for word in ours}, abs=2e-5)


@given(lines=small_texts, order=st.integers(1, 4), history=st.lists(st.sampled_from("abcxy"), max_size=4))
def test_words_that_the_file_lacks(
    tmp_path_factory: pytest.TempPathFactory, lines: Lines, order: int, history: list[str]
) -> None:
    """x and y share p(<unk>) with <unk>, which stands in lines of its own."""
    assume(any(lines))
    lines = [[UNKNOWN if word == "b" else word for word in line] for line in lines]
    path = a_file(lines, order, tmp_path_factory.mktemp("arpa"))
    grams = grams_of(path)
    notes = Notes()
    model = fitted(path, [*{words[0] for words in grams} - {"<s>"}, "x", "y"], notes)
    assert "2 words of the vocabulary are not in the file" in notes.messages[0]
    assert model.normalised
    history = [word for word in history if word in model.vocabulary.ids]
    row = after(model, *history)
    assert sum(row.values()) == pytest.approx(1, abs=1e-5)
    events = {words[0] for words in grams if len(words) == 1} - {"<s>"}
    seen = ("<s>", *history)[-(order - 1) :] if order > 1 else ()
    full = any(all((*seen[at:], word) in grams for word in events) for at in range(len(seen)))
    assert row["x"] == row["y"]
    assert (row["x"] > 1e-6) == (not full)  # which lists every word
    if order == 1:
        assert row["x"] == pytest.approx(grams[UNKNOWN,][0] / 3, abs=1e-6)
        assert row[UNKNOWN] == row["x"]


def test_without_unk_in_the_file_unlisted_words_are_impossible(tmp_path: Path) -> None:
    text = FILE.replace("-1\t<unk>\n", "").replace("1=5", "1=4").replace("-0.30103000\ta", "-0.22184875\ta")
    model = fitted(as_file(text, tmp_path), ["a", "b", END, "x"])
    assert after(model, "b")["x"] == 0
    assert math.isinf(model.log_probs(stream_of(["x"], model.vocabulary))[0])


@given(
    lines=small_texts,
    drop=st.randoms(use_true_random=False),
    history=st.lists(st.sampled_from("abcde"), max_size=4),
)
def test_a_file_pruned_anyhow(
    tmp_path_factory: pytest.TempPathFactory, lines: Lines, drop: object, history: list[str]
) -> None:
    """SRILM leaves n-grams whose suffixes are pruned, and others ones whose contexts are."""
    assume(any(lines))
    path = a_file(lines, 4, tmp_path_factory.mktemp("arpa"))
    grams = grams_of(path)
    grams = {words: values for words, values in grams.items() if len(words) == 1 or drop.random() < 0.6}
    orders = [[words for words in grams if len(words) == n] for n in (1, 2, 3, 4)]
    with path.open("w", encoding="utf-8") as file:
        file.write("\\data\\\n" + "".join(f"ngram {n}={len(some)}\n" for n, some in enumerate(orders, 1)))
        for n, some in enumerate(orders, 1):
            file.write(f"\\{n}-grams:\n")
            for words in some:
                prob, backoff = (math.log10(value or 1e-99) for value in grams[words])
                file.write(f"{prob:.8g}\t{' '.join(words)}" + (f"\t{backoff:.8g}\n" if n < 4 else "\n"))
        file.write("\\end\\\n")
    model = fitted(path, [words for (words,) in orders[0] if words != "<s>"])
    history = [word for word in history if word in model.vocabulary.ids]
    seen = ("<s>", *history)[-3:]
    assert after(model, *history) == pytest.approx(
        {word: probability(grams, word, seen) for word in model.vocabulary.tokens}, rel=1e-4
    )


def test_our_model_comes_back(tmp_path: Path) -> None:
    texts = made_up(sentences=True)
    ours = KneserNey(order=5)
    ours.fit(texts.train, texts.valid, RunLog())
    for name in ("ours.arpa", "ours.arpa.gz", "ours.arpa.bz2", "ours.arpa.xz"):
        write_arpa(ours.table, texts.train.vocabulary.tokens, tmp_path / name)
        back = Arpa(path=str(tmp_path / name))
        back.fit(texts.train, texts.valid, RunLog())
        assert back.size().entries == ours.size().entries
        assert back.log_probs(texts.test) == pytest.approx(ours.log_probs(texts.test), rel=3e-7)
        assert back.next_log_probs(texts.contexts) == pytest.approx(
            ours.next_log_probs(texts.contexts), rel=3e-7
        )
    marks = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7z"}
    assert all((tmp_path / f"ours.arpa{end}").read_bytes().startswith(mark) for end, mark in marks.items())


@pytest.mark.parametrize("order", [1, 3])
def test_keeps_the_contract(order: int, tmp_path: Path) -> None:
    """On the text without sentence ends, too, whose vocabulary lacks </s>."""
    texts = made_up(sentences=True)
    model = KneserNey(order=order)
    model.fit(texts.train, texts.valid, RunLog())
    write_arpa(model.table, texts.train.vocabulary.tokens, tmp_path / "m.arpa")
    findings = check_model(lambda: Arpa(path=str(tmp_path / "m.arpa")))
    assert [finding for finding in findings if finding.problem] == []


def test_kenlm_scores_a_file_with_pruned_suffixes_alike(tmp_path: Path) -> None:
    """`a b </s>` without `b </s>`. KenLM needs bigrams to have room for one more."""
    kenlm = pytest.importorskip("kenlm")
    text = FILE.removeprefix("made by hand\n").replace("-0.69897000 </s>", "-0.69897000\t</s>")
    text = text.replace("2= 2", "2=4").replace("\ta a\n", "\ta a\n-1\tb a\n-1\ta </s>\n")
    path = as_file(text, tmp_path)
    sentence = ["a", "a", "b", "a", "b"]
    theirs = [prob for prob, _, _ in kenlm.Model(path).full_scores(" ".join(sentence))]
    model = fitted(path, WORDS)
    scores = model.log_probs(stream_of([*sentence, END], model.vocabulary))
    assert scores == pytest.approx(np.array(theirs) * math.log(10), abs=1e-5)
