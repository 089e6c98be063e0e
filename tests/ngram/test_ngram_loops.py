"""Loops in machine code read the same texts as NumPy, from a file that nobody else could have written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ngram_texts import NEEDS_LOOPS, Lines, small_texts, stream_of, with_ends

from baselines.ngram.counting import text
from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import training_sequence
from baselines.ngram.counting.text import encode_texts
from baselines.ngram.counting.words import word_numberer
from baselines.ngram.counting.workers.choose import processes
from baselines.ngram.loops.load import Loops, loops_for
from baselines.ngram.sorting import files
from baselines.ngram.sorting.arrays import NumpyArrays
from benchmark.corpus.document import PIECE
from benchmark.corpus.marks import MarkRule
from benchmark.corpus.word_numbering import MULTIPLIERS, HashCollision
from benchmark.errors import UserError

pytest.importorskip("numba")
pytestmark = NEEDS_LOOPS

SEVERAL = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
READ = MarkRule("whitespace", marks="read", setting="--marks")


@pytest.fixture(autouse=True)
def use(with_loops: Path) -> None:
    """The loops are there."""


@pytest.fixture
def loops() -> Loops:
    found = loops_for(None)
    assert found
    return found


def read(train: Path, test: Path, rule: MarkRule, how: str, **options: Any) -> list[Any]:
    """The texts as ids, or what is wrong with them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEXTWORD_COMPILED", how)
        try:
            texts = encode_texts(train, test, 2, rule, **options)
        except UserError as error:
            return [str(error)]
    return [texts.train.tolist(), texts.test.tolist(), texts.words, texts.unknown]


def assert_same_text(folder: Path, train: bytes, test: bytes, rule: MarkRule, **options: Any) -> None:
    paths = folder / "train.txt", folder / "test.txt"
    for path, content in zip(paths, (train, test), strict=True):
        path.write_bytes(content)
    assert read(*paths, rule, "auto", **options) == read(*paths, rule, "off", **options)


WORDS = st.one_of(
    st.sampled_from(["a", "the", "<unk>", "eight888", "nine99999", "é", "sixteen-sixteen!", "</s>", "<s>"]),
    st.text(st.characters(codec="utf-8", exclude_characters=" \t\n\v\f\r"), min_size=1, max_size=40),
)
SPACES = st.sampled_from([" ", "  ", "\n", "\r\n", "\t", "\v", "\f", "\n\n", " \n", "\r"])
TEXTS = st.lists(st.tuples(WORDS, SPACES)).map(lambda each: "".join(map("".join, each)).encode())


@SEVERAL
@given(train=TEXTS, test=TEXTS, rule=st.sampled_from([text.REFUSED, READ]))
@example(train=b"a b", test=b"\x00 a\x01b \x00", rule=text.REFUSED)
def test_words_have_the_same_ids(tmp_path: Path, train: bytes, test: bytes, rule: MarkRule) -> None:
    assert_same_text(tmp_path, train, test, rule)


@SEVERAL
@given(train=st.binary(max_size=300), test=st.just(b"a b\n"))
@example(train=b"\xef\xbb\xbfa \x1f\x85\xc2\xa0b", test=b"\xef\xbb\xbf")
def test_any_bytes_are_read_or_refused_alike(tmp_path: Path, train: bytes, test: bytes) -> None:
    assert_same_text(tmp_path, train, test, text.REFUSED)


@settings(SEVERAL, max_examples=4)
@given(seed=st.integers(0, 1000), types=st.integers(1, 90_000), memory=st.sampled_from([None, 40 << 20]))
def test_many_words_in_many_pieces_have_the_same_ids(
    tmp_path: Path, seed: int, types: int, memory: int | None
) -> None:
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, types, PIECE) ** 2 // types
    lines = "\n".join(" ".join(f"{7919 * word}" for word in some) for some in np.array_split(drawn, 999))
    assert len(lines) > PIECE
    assert_same_text(tmp_path, lines.encode(), lines[-PIECE:].encode(), text.REFUSED, memory=memory)


def equal(one: list[OrderCounts], other: list[OrderCounts]) -> bool:
    names = ("contexts", "last_words", "counts", "suffix")
    return all(
        a.starts == b.starts and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)
        for a, b in zip(one, other, strict=True)
    )


@SEVERAL
@given(lines=small_texts, order=st.integers(1, 10), places=st.integers(1, 20))
def test_counts_are_the_same(loops: Loops, lines: Lines, order: int, places: int) -> None:
    stream = stream_of(with_ends(lines))
    sequence = training_sequence(stream.ids, stream.vocabulary, "sentence")
    words = len(stream.vocabulary)
    by_arrays = count_ngrams(sequence, words, order, arrays=NumpyArrays())
    options: list[dict[str, Any]] = [{"threads": 2}, {"places": places}, {"memory": 1, "places": places}]
    for each in options:
        assert equal(count_ngrams(sequence, words, order, arrays=NumpyArrays(loops), **each), by_arrays)


@pytest.mark.parametrize("memory", [None, 1])
def test_counts_of_a_long_text_are_the_same(loops: Loops, memory: int | None) -> None:
    random = np.random.default_rng(7)
    words = 50_000
    text = (words * random.random(900_000) ** 6).astype(np.int32)
    text[random.random(len(text)) < 0.04] = words
    text[300_000:600_000] = 3  # one range, one bigram and one chunk that are too large
    sequence = np.concatenate([[words], text, [words]], dtype=np.int32)
    found = [
        count_ngrams(sequence, words, 4, arrays=each, memory=memory)
        for each in (NumpyArrays(loops), NumpyArrays())
    ]
    assert equal(*found)


@pytest.mark.parametrize("use_loops", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_counts_that_outgrow_memory_move_to_files(loops: Loops, use_loops: bool, share: float) -> None:
    random = np.random.default_rng(8)
    words, order, threads, places = 3_000, 4, 1, 70_000
    text = (words * random.random(400_000) ** 3).astype(np.int32)
    text[random.random(len(text)) < 0.05] = words
    sequence = np.concatenate([[words], text, [words]], dtype=np.int32)
    expected = count_ngrams(sequence, words, order, arrays=NumpyArrays())
    needed = 16 * sum(map(len, expected[1:]))
    beside = 500 * threads * places + len(sequence) * (8 + 4 * (order - 1))
    arrays = NumpyArrays(loops) if use_loops else NumpyArrays()
    options = {"threads": threads, "places": places, "memory": beside + int(share * needed)}
    found = count_ngrams(sequence, words, order, arrays=arrays, **options)
    assert equal(found, expected)
    assert files.in_file(found[-1].contexts)
    assert not files.in_file(found[-1].suffix)


def test_workers_count_the_same(loops: Loops) -> None:
    stream = stream_of(with_ends([["a", "b", "a"], ["b", "a", "b", "a", "b"], [], ["a", "b", "a"]]))
    sequence = training_sequence(stream.ids, stream.vocabulary, "sentence")
    words = len(stream.vocabulary)
    shared = count_ngrams(sequence, words, 4, workers=processes("1", ""))
    assert equal(shared, count_ngrams(sequence, words, 4, arrays=NumpyArrays()))


@pytest.mark.parametrize("processor", ["x86-64", "haswell", "znver4"])
def test_loops_can_be_kept_for_other_processors(processor: str, tmp_path: Path) -> None:
    # code that refers to constants or functions elsewhere cannot be kept, and would be left to NumPy
    environment = {
        **os.environ,
        "NUMBA_CPU_NAME": processor,
        "NUMBA_CPU_FEATURES": "",
        "NEXTWORD_CACHE": str(tmp_path),
    }
    code = "from baselines.ngram.loops import load; assert load.compile_loops()"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_words_that_hash_alike_are_noticed_within_a_text_and_later(loops: Loops) -> None:
    for texts in ([b"first-ending-alike other-ending-alike"], [b"first-ending-alike", b"other-ending-alike"]):
        words = word_numberer(loops, multiplier=0)
        *before, last = texts
        for each in before:
            list(words.numbers([each], map))
        with pytest.raises(HashCollision):
            list(words.numbers([last], map))


def test_words_that_hash_alike_are_hashed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text.txt"
    path.write_text("first-ending-alike other-ending-alike a-third-one-ending\n")
    expected = read(path, path, text.REFUSED, "off")
    monkeypatch.setattr(text, "MULTIPLIERS", (0, *MULTIPLIERS))
    assert read(path, path, text.REFUSED, "auto") == expected


@pytest.fixture
def kept(with_loops: Path) -> Iterator[Path]:
    """The file of the loops, which is put back."""
    (file,) = (with_loops / "loops").iterdir()
    content = file.read_bytes()
    yield file
    file.chmod(0o644)
    file.write_bytes(content)


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_code_that_others_may_write_is_not_run(kept: Path, mode: int) -> None:
    assert loops_for(None)
    kept.chmod(mode)
    assert loops_for(None) is None


def test_damaged_code_is_not_run_and_is_made_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = kept.read_bytes()
    for damaged in (content[:-1] + bytes([content[-1] ^ 1]), content[:200], b"", b"[]\n", b"{}\n"):
        kept.write_bytes(damaged)
        assert loops_for(None) is None
    monkeypatch.setenv("NEXTWORD_COMPILED", "now")
    assert loops_for(None)
    assert kept.read_bytes() == content


def test_long_texts_are_worth_compiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path))
    assert loops_for(1000) is None
    assert loops_for(None) is None
    assert loops_for(1 << 30)
    assert loops_for(1000)
    monkeypatch.setenv("NEXTWORD_COMPILED", "off")
    assert loops_for(1 << 30) is None


def test_no_folder_to_keep_them_in_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("NEXTWORD_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("NEXTWORD_COMPILED", "now")
    assert loops_for(None) is None


def test_a_text_is_read_without_importing_numba(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a b\n")
    code = (
        "import sys; from pathlib import Path; from baselines.ngram.counting.text import encode_texts; "
        "from baselines.ngram.loops.load import loops_for; assert loops_for(None); "
        f"encode_texts(Path({str(path)!r}), Path({str(path)!r}), 1); assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_arrays_of_another_kind_are_refused(loops: Loops) -> None:
    numbers, ids = np.zeros(2, dtype=np.int64), np.zeros(4, dtype=np.int32)
    with pytest.raises(TypeError, match="with_starts takes int32"):
        loops.with_starts(numbers, 2, ids, 1, 5, np.zeros(8, dtype=np.int32))
    with pytest.raises(TypeError, match="one piece"):
        loops.with_starts(ids[::2], 2, ids, 1, 5, np.zeros(8, dtype=np.int32))
