"""A limit on memory: the same model, and a peak that keeps to the limit as the kernel measures it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_texts import Lines, Notes, small_texts, stream_of, with_ends

from baselines.ngram.counting.counts import count_ngrams
from baselines.ngram.counting.history import training_sequence
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.discounts import choose_discounts
from baselines.ngram.estimation.interpolate import interpolate
from baselines.ngram.model import BackoffModel
from baselines.ngram.smoothing.absolute_discounting import AbsoluteDiscounting
from baselines.ngram.smoothing.add_k import AddK
from baselines.ngram.smoothing.jelinek_mercer import JelinekMercer
from baselines.ngram.smoothing.katz import Katz
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.kneser_ney_variants import KneserNeyBackoff
from baselines.ngram.smoothing.maximum_likelihood import MaximumLikelihood
from baselines.ngram.smoothing.pitman_yor import PitmanYor
from baselines.ngram.smoothing.stupid_backoff import StupidBackoff
from baselines.ngram.smoothing.witten_bell import WittenBell
from baselines.ngram.sorting.files import in_file
from baselines.ngram.sorting.limits import limited
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import TokenStream, Vocabulary
from benchmark.corpus import END, UNKNOWN
from benchmark.errors import UserError
from nextword import NgramModel

PROGRAM = """
import re, sys
from pathlib import Path
from baselines.ngram.program import main
main(sys.argv[1:])
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""
SLACK = 200 << 20  # bytes that Python, NumPy and the buffers of a reader may take beside the limit


def estimated(sequence: np.ndarray, words: int, order: int, memory: int, places: int | None) -> BackoffTable:
    counts = count_ngrams(sequence, words, order, threads=1, memory=memory, places=places)
    adjusted = adjusted_counts(counts, memory)
    discounts, _ = choose_discounts(adjusted, Notes())
    return interpolate(counts, adjusted, discounts, threads=2, memory=memory)


def arrays_of(table: BackoffTable) -> list[np.ndarray]:
    parts = [
        (each.words.low, each.words.far, each.words.far_words, each.starts.blocks, each.starts.ends)
        for each in table.continuations
    ]
    wide = [each.starts.wide for each in table.continuations]
    numbers = [np.asarray(each) for each in (*table.log_probs, *table.log_backoffs)]
    return [*(array for part in parts for array in part), *wide, *numbers]


def equal(one: BackoffTable, other: BackoffTable) -> bool:
    pairs = zip(arrays_of(one), arrays_of(other), strict=True)
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


@given(
    lines=small_texts,
    order=st.integers(1, 6),
    memory=st.integers(1, 1 << 20),
    places=st.integers(1, 20),
    most=st.integers(0, 50),
)
def test_any_budget_gives_the_same_model(
    lines: Lines, order: int, memory: int, places: int, most: int
) -> None:
    stream = stream_of(with_ends(lines))
    words = len(stream.vocabulary)
    sequence = training_sequence(stream.ids, stream.vocabulary, "sentence")
    in_a_file = training_sequence(stream.ids, stream.vocabulary, "sentence", most)
    assert np.array_equal(in_a_file, sequence)
    ample = estimated(sequence, words, order, 1 << 30, None)
    scarce = estimated(in_a_file, words, order, memory, places)
    assert equal(ample, scarce)
    assert np.array_equal(ample.score(sequence), scarce.score(sequence))


def skewed(tokens: int, words: int) -> np.ndarray:
    """Words as skewed as those of a language, `<s>` (the id `words`) every 20 tokens and at the end."""
    random = np.random.default_rng(11)
    sequence = np.minimum(random.zipf(1.2, tokens), words).astype(np.int32) - 1
    sequence[::20] = sequence[-1] = words
    return sequence


CUTS: list[dict[str, Any]] = [{"prune": (0, 1)}, {"limit_vocabulary": ["a", "b"]}]


@pytest.mark.filterwarnings("ignore:order")
@given(lines=small_texts, order=st.integers(2, 5), cut=st.sampled_from([*CUTS, CUTS[0] | CUTS[1]]))
def test_a_model_without_rare_ngrams_and_words_is_the_same(lines: Lines, order: int, cut: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = []
        for memory in (1, "1G"):
            model = NgramModel.estimate(lines, order, memory=memory, **cut)
            model.to_arpa(Path(folder) / "model.arpa")
            written.append((Path(folder) / "model.arpa").read_bytes())
    assert written[0] == written[1]


def test_a_text_of_many_windows() -> None:
    """More n-grams than a window or block has, and pairs of words more frequent than a part holds."""
    sequence, words = skewed(400_000, 70_000), 70_000
    ample = estimated(sequence, words, 4, 1 << 30, None)
    scarce = estimated(sequence, words, 4, 1, 5_000)
    assert in_file(scarce.log_probs[-1])
    assert not in_file(ample.log_probs[-1])
    assert equal(ample, scarce)
    assert np.array_equal(ample.score(sequence), scarce.score(sequence))


def test_the_harness_estimates_within_the_budget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    train = stream_of(with_ends([list("abcab"), list("cabac"), list("bb")]))
    model = KneserNey(order=3)
    model.fit(train, train, Notes())
    monkeypatch.setenv("NEXTWORD_MEMORY", "1")
    scarce = KneserNey(order=3)
    scarce.fit(train, train, Notes())
    assert in_file(scarce.table.log_probs[-1])
    assert np.array_equal(scarce.log_probs(train), model.log_probs(train))
    scarce.save(tmp_path)
    loaded = KneserNey.load(tmp_path, train.vocabulary)
    assert np.array_equal(loaded.log_probs(train), model.log_probs(train))


METHODS: list[tuple[type[BackoffModel], dict[str, Any]]] = [
    (WittenBell, {}),
    (WittenBell, {"form": "backoff"}),
    (AbsoluteDiscounting, {}),
    (KneserNeyBackoff, {"discounts": "modified"}),
    (KneserNey, {"conventions": "kenlm"}),
    (Katz, {}),
    (Katz, {"minimum_counts": (1, 2)}),
    (JelinekMercer, {}),
    (AddK, {}),
    (AddK, {"k": "tune"}),
    (StupidBackoff, {}),
    (MaximumLikelihood, {}),
]


def assert_same_within_little(
    kind: type[BackoffModel], given: dict[str, Any], train: TokenStream, valid: TokenStream, order: int
) -> None:
    tables = []
    for memory in (1 << 30, 1):
        model = kind(order=order, **given)
        with limited(memory, 1):
            model.fit(train, valid, Notes())
        tables.append(model.table)
        assert model.table.entries < 1000 or in_file(model.table.log_probs[-1]) == (memory == 1)
    assert equal(*tables)


@pytest.mark.parametrize(("kind", "given_settings"), METHODS)
@settings(max_examples=20)
@given(lines=small_texts, order=st.integers(1, 5))
def test_every_method_gives_the_same_model(
    kind: type[BackoffModel], given_settings: dict[str, Any], lines: Lines, order: int
) -> None:
    stream = stream_of(with_ends(lines))
    assert_same_within_little(kind, given_settings, stream, stream, order)


@pytest.mark.parametrize(("kind", "given_settings"), METHODS)
def test_every_method_gives_the_same_model_over_many_windows(
    kind: type[BackoffModel], given_settings: dict[str, Any]
) -> None:
    ids = skewed(150_000, 9_000)
    words = (END, UNKNOWN, *map(str, range(8_999)))
    vocabulary = Vocabulary(words, np.zeros(len(words), dtype=np.int64))
    train, valid = (TokenStream.from_ids(each.astype(np.uint16), vocabulary) for each in (ids, ids[:500]))
    assert_same_within_little(kind, given_settings, train, valid, 3)


def test_a_method_that_cannot_keep_to_the_limit_says_so() -> None:
    train, log = stream_of(with_ends([list("abcab"), list("cabac")])), Notes()
    with limited(1 << 20, 1):
        PitmanYor(order=2, burn_in=1, samples=1).fit(train, train, log)
        assert not any("memory" in said for said in log.messages)
    with limited(1, 1):
        PitmanYor(order=2, burn_in=1, samples=1).fit(train, train, log)
    assert [said for said in log.messages if "more memory than the limit of" in said]


def test_a_full_disk_is_one_line_that_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: open("/dev/full", "wb", buffering=0))  # noqa: SIM115
    with pytest.raises(UserError, match="No space left on device; make room there, set TMPDIR"):
        count_ngrams(skewed(100, 5), 5, 3, threads=1, memory=1)


def program(folder: Path, *more: str) -> tuple[dict[str, Any], int]:
    """What the program prints, and its peak memory in bytes, as the kernel measures it."""
    command = ["--train", "train.txt", "--test", "test.txt", *more]
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command], cwd=folder, env=place, capture_output=True, check=True
    )
    printed, peak = done.stdout.splitlines()
    result = json.loads(printed)
    del result["seconds"], result["peak_bytes"]
    return result, int(peak) * 1024


@pytest.mark.slow
def test_the_program_keeps_to_its_memory(tmp_path: Path) -> None:
    """From text to perplexity. Where the budget is ample, five million words take more than this one."""
    for name, tokens in (("train.txt", 5_000_000), ("test.txt", 100_000)):
        words = skewed(tokens, 50_000)
        lines = [" ".join(map(str, line)) for line in words.reshape(-1, 20)[:, 1:].tolist()]
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    limit = 64 << 20
    ample, most = program(tmp_path, "--order", "5")
    scarce, least = program(tmp_path, "--order", "5", "--memory", str(limit))
    assert scarce == ample
    assert least <= limit + SLACK < most
