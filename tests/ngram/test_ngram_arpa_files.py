"""ARPA files as other tools leave them: packed, encoded, with few decimals, with marks in capitals."""

from __future__ import annotations

import bz2
import gzip
import lzma
import math
import os
from pathlib import Path

import numpy as np
import pytest
from ngram_texts import stream_of, vocabulary_of

from baselines.ngram.arpa.lines import LONGEST_LINE
from baselines.ngram.arpa.model import Arpa
from baselines.ngram.arpa.precision import Precision
from baselines.ngram.arpa.read import read_arpa
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.check.texts import made_up
from benchmark.contract import RunLog
from benchmark.corpus import END, UNKNOWN
from benchmark.errors import UserError

#: As CMU-Cambridge and Sphinx write: p(go) = p(</s>) = 0.3, p(left) = p(right) = 0.2, p(go | left) = 0.1.
SPHINX = """\
This is a CLOSED-vocabulary model. Comments may look like the file:
beginning of data mark: \\data\\
\\1-grams:

\\data\\
ngram 1=5
ngram 2=1

\\1-grams:
-0.5229 </s> 0.0000
-99.0000 <s> 0.0000
-0.5229 go 0.0000
-0.6990 left 0.1091
-0.6990 right 0.0000

\\2-grams:
-1.0000 left go \n
\\end\\
"""
WORDS = ["go", "left", "right", END]


def fitted(path: Path, words: list[str]) -> Arpa:
    model = Arpa(path=str(path))
    stream = stream_of([], vocabulary_of(words))
    model.fit(stream, stream, RunLog())
    return model


def written(folder: Path, data: str | bytes) -> Path:
    path = folder / "model.arpa"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


PLAIN = SPHINX.encode()


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(PLAIN[:50]) + gzip.compress(PLAIN[50:]),
        bz2.compress(PLAIN),
        lzma.compress(PLAIN),
        b"\xef\xbb\xbf" + PLAIN,
        SPHINX.encode("utf-16"),
        b"\xfe\xff" + SPHINX.encode("utf-16-be"),
        SPHINX.encode("utf-32"),
        gzip.compress(SPHINX.encode("utf-16")),
        PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + PLAIN.replace(b"\n", b"\r"),
        PLAIN.rstrip(b"\n"),
    ],
    ids=range(12),
)
def test_one_file_in_many_forms(tmp_path: Path, data: bytes) -> None:
    plain, other = read_arpa(written(tmp_path, PLAIN)), read_arpa(written(tmp_path, data))
    assert other.words == plain.words
    assert [section.log10_probs.tolist() for section in other.sections] == [
        section.log10_probs.tolist() for section in plain.sections
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x28\xb5\x2f\xfd" + bytes(20), "packed by zstd; unpack it with zstd -d"),
        (b"PK\x03\x04" + bytes(20), "a zip archive"),
        (SPHINX.encode("utf-16-le"), "has a zero byte, .* UTF-16 without a byte order mark"),
        (PLAIN.replace(b"right", b"ri\0ht"), "has a zero byte"),
        (b"\xff\xfe\x00\xd8" + SPHINX.encode("utf-16-le"), "begins as UTF-16-LE and is not"),
        (lzma.compress(PLAIN)[:-20], "cannot be decompressed to its end"),
        (bz2.compress(PLAIN)[:-20], "cannot be decompressed to its end"),
        (bz2.compress(PLAIN)[:60] + bytes(60), "cannot be decompressed to its end"),
        (PLAIN + b"x" * 10, None),
        (b"", "it has no line"),
        (b"\\data\\\nngram 1=0\n\n\\1-grams:\n\n\\end\\\n", "line 2: the header counts no 1-grams"),
        (b"\\data\\\nngram 0=3\n", "line 2: 'ngram 0=3' where the header has ngram 1="),
        (b"\\data\\\nngram 1=" + b"9" * 5000, "line 2: .* where the header has ngram 1="),
        (b"a b c\n" + b"x" * (LONGEST_LINE + 1), "line 2: there is no end of the line in 1,048,576 bytes"),
        (PLAIN.replace(b"-0.6990 right", b"-0,6990 right"), "line 14: '-0,6990' is not a number"),
    ],
    ids=range(15),
)
def test_what_a_file_is_that_cannot_be_read(tmp_path: Path, data: bytes, says: str | None) -> None:
    path = written(tmp_path, data)
    if says is None:
        read_arpa(path)
        return
    with pytest.raises(UserError, match=says) as caught:
        read_arpa(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_pipe_and_a_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="is a pipe or a device"):
        read_arpa(tmp_path / "pipe")
    with pytest.raises(UserError, match=r"cannot be read \(Is a directory\)"):
        read_arpa(tmp_path)


def test_words_with_signs_that_are_white_space_elsewhere(tmp_path: Path) -> None:
    odd = ["a\fb", "\v", "a\u00a0b", "\u2028", "\x85", "\x1c"]
    lines = "".join(f"-0.77815125\t{word}\n" for word in odd)
    path = written(tmp_path, f"\\data\\\nngram 1=6\n\\1-grams:\n{lines}\\end\\\n")
    assert sorted(read_arpa(path).words) == sorted(odd)
    model = fitted(path, odd)
    assert np.exp(model.next_log_probs([np.array([], dtype=np.int64)])[0]) == pytest.approx(1 / 6)


def test_marks_in_capitals(tmp_path: Path) -> None:
    text = SPHINX.replace("<s>", "<S>").replace("</s>", "</S>").replace("right", "<UNK>")
    model = fitted(written(tmp_path, text), ["go", "left", END, UNKNOWN])
    assert model.normalised
    (row,) = np.exp(model.next_log_probs([np.array([], dtype=np.int64)]))
    assert row == pytest.approx([0.3, 0.2, 0.3, 0.2], abs=1e-4)


# --- how precisely numbers are written


def test_four_decimals_are_a_distribution(tmp_path: Path) -> None:
    """The sums are off by 1.5e-4. By hand: p(right | left) = 9/7 · 0.2, and so on."""
    model = fitted(written(tmp_path, SPHINX), WORDS)
    assert model.normalised
    test = stream_of(["left", "go", END, "left", "right", END], model.vocabulary)
    exact = [0.2, 0.1, 0.3, 0.2, 9 / 7 * 0.2, 0.3]
    assert model.log_probs(test) == pytest.approx(np.log(exact), abs=3e-4)
    as_written = [-0.6990, -1, -0.5229, -0.6990, 0.1091 - 0.6990, -0.5229]
    assert model.log_probs(test) == pytest.approx(np.array(as_written) * math.log(10), abs=1e-6)


def rewritten(text: str, form: str, weight: float | None = None) -> str:
    """A file with its numbers in another form, and `weight` in place of each backoff weight."""
    lines = []
    for line in text.splitlines():
        prob, *rest = line.split("\t")
        if rest:
            prob = form % float(prob)
            rest[1:] = [form % (float(each) if weight is None else weight) for each in rest[1:]]
        lines.append("\t".join([prob, *rest]))
    return "\n".join(lines)


def test_words_of_another_language_are_not_what_rounding_leaves(tmp_path: Path) -> None:
    """No word is the file's, and its sum is 0.9998: what remains is nothing, and not 0.0002."""
    with pytest.raises(UserError, match="has no word of this corpus's vocabulary"):
        fitted(written(tmp_path, SPHINX), ["gauche", "droite"])
    model = fitted(written(tmp_path, SPHINX), ["go", "gauche"])
    assert np.exp(model.next_log_probs([np.array([], dtype=np.int64)])[0]) == pytest.approx([1, 0])


@pytest.mark.parametrize("form", ["%.2f", "%.3f", "%.4f", "%.5f", "%.7f", "%.3g", "%.7g", "%.3e"])
def test_few_digits_are_told_from_a_score(tmp_path: Path, form: str) -> None:
    texts = made_up(sentences=True)
    ours = KneserNey(order=3)
    ours.fit(texts.train, texts.valid, RunLog())
    ours.write_arpa(tmp_path / "exact.arpa")
    exact, words = (tmp_path / "exact.arpa").read_text(), list(texts.train.vocabulary.tokens)
    model = fitted(written(tmp_path, rewritten(exact, form)), words)
    assert model.normalised
    sums = np.exp(model.next_log_probs(texts.contexts).astype(np.float64)).sum(axis=1)
    assert sums == pytest.approx(1, abs=2.1e-4)
    assert model.log_probs(texts.test).mean() == pytest.approx(ours.log_probs(texts.test).mean(), rel=5e-3)
    assert not fitted(written(tmp_path, rewritten(exact, form, math.log10(0.4))), words).normalised


def test_rounding_follows_from_the_digits() -> None:
    """By hand: half a unit of the last decimal, or of the last significant digit if it comes before."""
    fixed = Precision.of([b"-1.2345", b"-12.3456", b"0.0000", b"-99", b"x", b"-inf", b"nan"])
    assert (fixed.decimals, fixed.digits) == (4, 6)
    assert fixed.rounding(np.array([-1.2, -12.3, 0.0, -np.inf])) == pytest.approx([5e-5, 5e-5, 5e-5, 0])
    significant = Precision.of([b"-1.234", b"-0.01234", b"-1.234e-05", b"-12.34"])
    assert (significant.decimals, significant.digits) == (8, 4)
    assert significant.rounding(np.array([-1.234, -0.01234, -1.0])) == pytest.approx([5e-4, 5e-6, 5e-4])
    assert Precision.of([b"-1"]).rounding(np.array([-1.0])) == pytest.approx([5e-3])
