"""`NgramModel.estimate` beside `lmplz`, with every option that changes the model: the same numbers.

Runs where `lmplz` is on the PATH or named by NEXTWORD_LMPLZ.
"""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest
from few_examples import few
from hypothesis import assume, given
from hypothesis import strategies as st
from lmplz_reference import LMPLZ, NEEDED
from ngram_texts import Lines, penn_treebank, small_texts

from nextword import NgramModel

pytestmark = pytest.mark.skipif(not LMPLZ, reason=NEEDED)

#: What float32 and seven digits leave of a log10.
CLOSE = 1e-6

#: The options of lmplz, and what they are called here. WORDS stands for a file of half of the words.
OPTIONS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "plain": ([], {}),
    "pruned": (["--prune", "0", "0", "1"], {"prune": (0, 0, 1)}),
    "pruned more": (["--prune", "0", "1", "2"], {"prune": (0, 1, 2)}),
    "unigrams not interpolated": (["--interpolate_unigrams", "0"], {"interpolate_unigrams": False}),
    "padded": (["--vocab_pad", "5000000"], {"vocabulary_size": 5_000_000}),
    "limited": (["--limit_vocab_file", "WORDS"], {"limit_vocabulary": "WORDS"}),
    "limited and pruned": (
        ["--limit_vocab_file", "WORDS", "--prune", "0", "1"],
        {"limit_vocabulary": "WORDS", "prune": (0, 1)},
    ),
    "limited, not interpolated": (
        ["--limit_vocab_file", "WORDS", "--interpolate_unigrams", "0"],
        {"limit_vocabulary": "WORDS", "interpolate_unigrams": False},
    ),
    "limited and padded": (
        ["--limit_vocab_file", "WORDS", "--vocab_pad", "50000"],
        {"limit_vocabulary": "WORDS", "vocabulary_size": 50_000},
    ),
    "other discounts": (
        ["--discount_fallback", "0.25", "0.75"],
        {"discount_fallback": (0.25, 0.75)},
    ),
}


def entries(path: Path) -> dict[str, tuple[float, float]]:
    """log10 p and log10 b of each n-gram of an ARPA file; the probability of `<s>`, which is none, is 0."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        prob, *rest = line.split("\t")
        if rest:
            found[rest[0]] = (
                0.0 if rest[0] == "<s>" else max(float(prob), -90),
                max(float(rest[1]), -90) if len(rest) > 1 else 0.0,
            )
    return found


def assert_same(text: str, order: int, option: str, folder: Path) -> None:
    (folder / "text").write_text(text, encoding="utf-8")
    words = sorted(set(text.split()))[::2]
    (folder / "words").write_text("\n".join([*words, "never_in_the_text"]), encoding="utf-8")
    given_options, settings = OPTIONS[option]
    theirs = [str(folder / "words") if each == "WORDS" else each for each in given_options]
    ours = {key: [*words, "never"] if value == "WORDS" else value for key, value in settings.items()}
    if "--discount_fallback" not in theirs:
        theirs.append("--discount_fallback")
    command = [LMPLZ, "-o", str(order), "-S", "100M", "-T", f"{folder}/", "--text", str(folder / "text")]
    done = subprocess.run(
        [*command, "--arpa", str(folder / "theirs.arpa"), *theirs], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        NgramModel.estimate(folder / "text", order, **ours).to_arpa(folder / "ours.arpa")
    expected, found = entries(folder / "theirs.arpa"), entries(folder / "ours.arpa")
    assert found.keys() == expected.keys()
    for ngram, numbers in expected.items():
        assert found[ngram] == pytest.approx(numbers, abs=CLOSE), ngram


@few
@given(lines=small_texts, order=st.integers(2, 5), option=st.sampled_from(sorted(OPTIONS)))
def test_small_texts(lines: Lines, order: int, option: str) -> None:
    assume(len({word for line in lines for word in line}) > 1)
    assume(order >= len(OPTIONS[option][1].get("prune", ())))
    with tempfile.TemporaryDirectory() as folder:
        assert_same("\n".join(map(" ".join, lines)) + "\n", order, option, Path(folder))


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("order", [3, 5])
def test_sentences_of_the_penn_treebank(order: int, option: str, tmp_path: Path) -> None:
    stream = penn_treebank()["valid"].head(30_000)
    words = [word.replace("<unk>", "<rare>") for word in stream.vocabulary.decode(stream.ids)]
    assert_same(" ".join(words).replace(" </s>", "\n").replace("</s>", "\n"), order, option, tmp_path)
