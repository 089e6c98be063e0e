"""Kneser-Ney on a device: the same tables and scores as NumPy's, bit for bit, without copies to the host."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from ngram_texts import Lines, Notes, penn_treebank, small_texts, stream_of, with_ends
from torch.overrides import TorchFunctionMode

from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import scoring_sequence, training_sequence
from baselines.ngram.device import memory
from baselines.ngram.device.count import DeviceCounts, count_on_device, words_of
from baselines.ngram.device.estimate import (
    adjusted_on_device,
    counts_of_counts_on_device,
    interpolate_on_device,
)
from baselines.ngram.device.memory import places_that_fit
from baselines.ngram.device.table import DeviceTable
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.discounts import Discounts, choose_discounts, counts_of_counts
from baselines.ngram.estimation.interpolate import interpolate
from baselines.ngram.smoothing import interpolated_kneser_ney
from baselines.ngram.smoothing.interpolated_kneser_ney import InterpolatedKneserNey
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.kneser_ney_variants import KneserNeySingle
from baselines.ngram.sorting.arrays import NumpyArrays, TorchArrays
from baselines.ngram.table.backoff import BackoffTable
from baselines.saving import learned_by
from benchmark.contract import RunLog, TokenStream
from benchmark.errors import UserError

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]

on_each_device = pytest.mark.parametrize("device", DEVICES)


def bits(numbers: Any) -> np.ndarray:
    """float32 numbers as integers, so that equal means equal in every bit."""
    return np.asarray(numbers).view(np.int32)


def assert_same_counts(host: list[OrderCounts], there: list[DeviceCounts]) -> None:
    for ours, theirs in zip(host, there, strict=True):
        assert np.array_equal(ours.contexts, theirs.contexts().cpu())
        assert np.array_equal(ours.last_words, words_of(theirs.keys).cpu())
        assert np.array_equal(ours.counts, theirs.counts.cpu())
        assert np.array_equal(ours.suffix, theirs.suffix.cpu())
        assert (ours.starts, ours.words) == (theirs.starts, theirs.words)
        assert ours.context_count == theirs.context_count


def assert_same_tables(host: BackoffTable, there: BackoffTable) -> None:
    assert host.ngrams == there.ngrams
    for n in range(2, host.order + 1):
        assert np.array_equal(host.words_of(n), there.words_of(n))
        assert np.array_equal(host.contexts_of(n), there.contexts_of(n))
    for ours, theirs in zip(host.log_probs, there.log_probs, strict=True):
        assert np.array_equal(bits(ours), bits(theirs))
    for ours, theirs in zip(host.log_backoffs, there.log_backoffs, strict=True):
        assert np.array_equal(bits(ours), bits(theirs))


def compare(
    sequence: np.ndarray,
    words: int,
    order: int,
    scored: Iterable[np.ndarray],
    device: str,
    places: int | None = None,
    uniform: float | None = None,
    discounts: list[Discounts] | None = None,
) -> None:
    """Count, estimate and score on both sides, and compare each step."""
    counts = count_ngrams(sequence, words, order)
    adjusted = adjusted_counts(counts)
    there = count_on_device(sequence, words, order, device, places)
    adjusted_there = adjusted_on_device(there)
    assert_same_counts(counts, there)
    for ours, theirs in zip(adjusted, adjusted_there, strict=True):
        assert np.array_equal(ours, theirs.cpu())
    assert [counts_of_counts(each) for each in adjusted] == counts_of_counts_on_device(adjusted_there)

    discounts = discounts or choose_discounts(adjusted, RunLog())[0]
    table = interpolate(counts, adjusted, discounts, uniform)
    table_there = interpolate_on_device(there, adjusted_there, discounts, uniform)
    assert_same_tables(table, table_there.on_host())
    assert table_there.ngrams == table.ngrams
    for each in scored:
        assert np.array_equal(bits(table.score(each)), bits(table_there.score(each)))


@on_each_device
@given(
    lines=small_texts,
    more=small_texts,
    order=st.integers(1, 6),
    places=st.none() | st.integers(1, 20),
    context=st.sampled_from(["sentence", "stream"]),
)
@example(lines=[["a"]], more=[["b", "a"]], order=6, places=None, context="sentence")  # one word
@example(lines=[[], ["a"], []], more=[[]], order=2, places=None, context="sentence")  # empty sentences
@example(lines=[["a"] * 7], more=[["a"] * 9], order=4, places=1, context="stream")  # a single type
@example(lines=[["a", "b", "c"]] * 9, more=[["c", "e"]], order=3, places=2, context="sentence")
def test_small_texts(
    device: str, lines: Lines, more: Lines, order: int, places: int | None, context: Any
) -> None:
    """`e` and other words may be missing in training; the last scored sequence has gaps and starts."""
    train = stream_of(with_ends(lines))
    test = stream_of(with_ends(more), train.vocabulary)
    words = len(train.vocabulary)
    mixed, _ = scoring_sequence(test.ids, test.vocabulary, context)
    mixed = np.concatenate([mixed, [words + 1, words, words], mixed[::-1]]).astype(np.int32)
    sequence = training_sequence(train.ids, train.vocabulary, context)
    compare(sequence, words, order, [mixed, mixed[:1], mixed[:0]], device, places)


def zipfian(tokens: int, words: int, seed: int = 7) -> np.ndarray:
    """Words as skewed as those of a language, with `<s>` every 17 tokens."""
    random = np.random.default_rng(seed)
    sequence = np.minimum(random.zipf(1.3, tokens), words).astype(np.int32) - 1
    sequence[::17] = words
    return sequence


@on_each_device
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 6])
def test_a_longer_text(device: str, order: int) -> None:
    """Every order has discounts of the closed form, and contexts with up to hundreds of words."""
    compare(zipfian(60_000, 900), 900, order, [zipfian(5_000, 900, seed=8)], device, places=20_000)


@on_each_device
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_other_discounts_and_another_uniform_distribution(device: str) -> None:
    """As of `kneser_ney_single`, and of KenLM's conventions: a discount may be 0."""
    for amounts in [(0.7, 0.7, 0.7), (1.0, 0.0, 2.9)]:
        compare(zipfian(5_000, 90), 90, 3, [], device, uniform=1 / 91, discounts=[amounts] * 3)


@on_each_device
def test_the_penn_treebank(device: str) -> None:
    splits = penn_treebank()
    train, test = splits["train"].head(200_000), splits["test"]
    scored, _ = scoring_sequence(test.ids, test.vocabulary, "sentence")
    sequence = training_sequence(train.ids, train.vocabulary, "sentence")
    compare(sequence, len(train.vocabulary), 5, [scored], device)


def test_a_chunk_on_a_device_may_need_more_bits_than_a_key_with_an_index_has() -> None:
    """50,000 distinct keys of 60 bits: NumPy has no room for the index of each, torch needs none."""
    random = np.random.default_rng(3)
    keys = random.integers(0, 1 << 60, 50_000)
    places = np.arange(50_000, dtype=np.int32)
    ordered, order = TorchArrays("cpu").sorted_with(
        torch.from_numpy(keys.copy()), 60, torch.from_numpy(places)
    )
    assert np.array_equal(ordered, np.sort(keys))
    assert np.array_equal(keys[order], np.sort(keys))
    with pytest.raises(OverflowError, match="do not fit"):
        NumpyArrays().sorted_with(keys.copy(), 60, places)
    fewer, order = NumpyArrays().sorted_with(keys >> 20, 40, places)
    assert np.array_equal(fewer, np.sort(keys >> 20))
    assert np.array_equal(order, np.argsort(keys >> 20, kind="stable"))


# --- what the host reads


class HostReads(TorchFunctionMode):
    """Counts the elements that leave tensors for the host, for Python or for NumPy, and the calls."""

    READING = ("cpu", "numpy", "__array__", "tolist", "item", "__int__", "__index__", "__bool__", "__float__")

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.elements = 0, 0

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(function, "__name__", "") in self.READING:
            self.calls += 1
            self.elements += args[0].numel()
        return function(*args, **(kwargs or {}))


def reads(work: Callable[[], Any]) -> tuple[Any, int, int]:
    """What `work` returns, and how often and how many elements it read from tensors."""
    with HostReads() as seen:
        result = work()
    return result, seen.calls, seen.elements


def test_reads_are_seen() -> None:
    """The count would notice each of the ways in which data could leave a device."""
    numbers = torch.arange(5)
    for read in (
        lambda: numbers.numpy(),
        lambda: numbers.cpu().numpy(),
        lambda: numbers.tolist(),
        lambda: np.asarray(numbers),
        lambda: int(numbers[0]),
        lambda: bool(numbers[0]),
        lambda: numbers[1].item(),
        lambda: [1, 2, 3][numbers[1]],
    ):
        assert reads(read)[1] >= 1


@on_each_device
def test_only_sizes_leave_the_device(device: str) -> None:
    """For a text ten times as long, the host reads exactly as much, until it asks for scores."""
    order, words = 5, 300
    read = []
    for tokens in (6_000, 60_000):
        sequence = zipfian(tokens, words)
        counts, calls, elements = reads(lambda text=sequence: count_on_device(text, words, order, device))
        assert calls <= 2 + 4 * order
        assert elements <= 2 * (words + 1) + 4 * order  # the counts of single words, then one at a time
        adjusted, *of_adjusting = reads(lambda some=counts: adjusted_on_device(some))
        seen, *of_discounts = reads(lambda some=adjusted: counts_of_counts_on_device(some))
        discounts = choose_discounts([each.cpu().numpy() for each in adjusted], RunLog())[0]
        assert len(seen) == len(discounts)
        table, *of_estimating = reads(
            lambda some=counts, those=adjusted, them=discounts: interpolate_on_device(some, those, them)
        )
        assert of_adjusting == of_estimating == [0, 0]
        assert of_discounts == [1, 4 * order]
        scores, *of_scoring = reads(lambda some=table, text=sequence: some.score(text))
        assert of_scoring == [2, 2 * order * len(scores)]  # once, by `cpu` and `numpy`
        read.append((calls, elements))
    assert read[0] == read[1]


# --- the models of the harness


@pytest.mark.parametrize("kind", [KneserNey, KneserNeySingle])
@pytest.mark.parametrize("device", DEVICES)
def test_a_model_is_the_same_wherever_it_is_estimated(
    device: str, kind: type[InterpolatedKneserNey], monkeypatch: pytest.MonkeyPatch
) -> None:
    train = stream_of(with_ends([["a", "b"], ["b", "a", "c"], ["a", "b", "b"]] * 5 + [["c"]]))
    here, there = kind(order=4), kind(order=4, device=device)
    here_notes, there_notes = Notes(), Notes()
    here.fit(train, train, here_notes)
    if device == "cpu":  # which NumPy would serve
        monkeypatch.setattr(interpolated_kneser_ney, "torch_device", lambda name: name)
    there.fit(train, train, there_notes)
    assert_same_tables(here.table, there.table)
    assert learned_by(here) == learned_by(there)
    assert here_notes.messages == there_notes.messages
    assert here_notes.done[-1] == there_notes.done[-1]
    assert torch.device(there.trained_on.device).type == device
    assert there.scored_on.device == here.trained_on.device == "cpu"


def test_a_model_too_large_for_the_device_is_estimated_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    train = stream_of(with_ends([["a", "b"], ["b", "a", "c"]]))
    monkeypatch.setattr(interpolated_kneser_ney, "torch_device", lambda _: "cpu")
    monkeypatch.setattr(memory, "free_bytes", lambda _: 100)
    notes, here, there = Notes(), KneserNey(order=2), KneserNey(order=2, device="cuda")
    here.fit(train, train, RunLog())
    there.fit(train, train, notes)
    assert_same_tables(here.table, there.table)
    assert there.trained_on.device == "cpu"
    assert sum("instead" in message for message in notes.messages) == 1


def test_a_device_that_is_not_there_is_named() -> None:
    train = stream_of(["a", "b"])
    with pytest.raises(UserError, match="device=cuda:77 cannot be used"):
        KneserNey(order=2, device="cuda:77").fit(train, train, RunLog())


def test_kenlm_conventions_are_for_the_cpu() -> None:
    with pytest.raises(UserError, match=r"give model\.device=cpu"):
        KneserNey(conventions="kenlm", device="cuda")


# --- memory


def test_what_may_not_fit_is_said_in_one_line() -> None:
    notes = Notes()
    tokens, gigabytes = 30_000_000, 1 << 30
    assert places_that_fit(tokens, 5, 80 * gigabytes, notes) == TorchArrays.places
    few = places_that_fit(tokens, 5, 10 * gigabytes, notes)
    assert few is not None
    assert few < TorchArrays.places
    assert notes.messages == []
    assert places_that_fit(tokens, 5, 2 * gigabytes, notes) is None
    assert len(notes.messages) == 1
    assert "the CPU counts and estimates instead" in notes.messages[0]
    assert places_that_fit(10, 5, 100_000, notes) is not None


def table_on(device: str, train: TokenStream, order: int) -> DeviceTable:
    sequence = training_sequence(train.ids, train.vocabulary, "sentence")
    counts = count_on_device(sequence, len(train.vocabulary), order, device)
    adjusted = adjusted_on_device(counts)
    return interpolate_on_device(counts, adjusted, [(0.5, 1.0, 1.5)] * order)


@on_each_device
def test_a_table_knows_its_size(device: str) -> None:
    train = stream_of(with_ends([["a", "b"], ["b", "a", "c"]]))
    table = table_on(device, train, 3)
    assert table.ngrams == [5, 7, 5]
    # a key for each longer n-gram, a float32 for all of them and `<s>`, a float64 for those of order 1 and 2
    assert table.nbytes == 8 * (7 + 5) + 4 * (6 + 7 + 5) + 8 * (6 + 7)
