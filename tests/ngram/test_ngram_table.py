"""The stored form of a model: found, listed, saved and mapped, against plain Python."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ngram_texts import Lines, small_texts, stream_of, vocabulary_of, with_ends

from baselines.ngram.counting.counts import count_ngrams
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.interpolate import interpolate
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.standalone.lookup import Lookup
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.continuations import Continuations
from baselines.ngram.table.escaped import EscapedArray
from baselines.ngram.table.far_words import CountedWords
from baselines.ngram.table.hashed import HashedTable
from baselines.ngram.table.offsets import Offsets
from baselines.ngram.table.unary import UnaryOffsets
from baselines.ngram.table.word_array import WordArray
from benchmark.contract import RunLog
from benchmark.corpus import END
from benchmark.errors import UserError


@given(st.lists(st.sampled_from([0, 1, 2, 40, 300]), max_size=200), st.booleans())
def test_bounds_of_every_context(counts: list[int], packed: bool) -> None:
    begins = np.cumsum([0, *counts])
    starts = Offsets.of(begins, packed)
    assert len(starts) == len(counts)
    first, count = starts.bounds(np.arange(len(counts)))
    assert count.tolist() == counts
    assert first.tolist() == begins[:-1].tolist()
    assert starts.fault(len(counts), sum(counts)) is None


@given(st.lists(st.sampled_from([0, 1, 1, 2, 40, 300, 2_000]), max_size=300))
def test_unary_offsets_are_the_same_numbers(counts: list[int]) -> None:
    begins = np.cumsum([0, *counts])
    unary = UnaryOffsets.of(Offsets.of(begins, packed=True))
    assert len(unary) == len(counts)
    assert unary.counts().tolist() == counts
    first, count = unary.bounds(np.arange(len(counts)))
    assert count.tolist() == counts
    assert first.tolist() == begins[:-1].tolist()
    reader = unary.reader()
    for context in range(0, len(counts), 7):
        assert reader(context) == (begins[context], begins[context + 1])
    assert unary.fault(len(counts), sum(counts)) is None
    assert unary.fault(len(counts) + 1, sum(counts)) is not None
    assert unary.fault(len(counts), sum(counts) + 1) is not None
    if counts:
        moved = UnaryOffsets(unary.bits, unary.blocks + 1, unary.wide, len(unary))
        assert moved.fault(len(counts), sum(counts)) is not None


@given(st.lists(st.integers(0, 400), min_size=1, max_size=400), st.randoms())
def test_frequent_numbers_take_a_byte_each(drawn: list[int], random: Random) -> None:
    numbers = np.array([0.5 * number for number in drawn], dtype=np.float32)
    held = EscapedArray.of(numbers)
    assert np.array_equal(np.asarray(held), numbers)
    some = np.array([random.randrange(len(drawn)) for _ in range(50)])
    assert np.array_equal(held.take(some), numbers[some])
    assert np.array_equal(held[3:40], numbers[3:40])
    reader = held.reader()
    assert [reader(int(place)) for place in some] == numbers[some].tolist()
    assert held.fault() is None
    assert (len(held.rare) > 0) == (len(set(drawn)) > 255)
    assert EscapedArray(held.codes, held.values[1:], held.places, held.rare).fault() is not None


@pytest.mark.parametrize("vocabulary", [10, 2**16 - 1, 2**16, 2**16 + 1, 2**24 + 60_000])
def test_counted_words_are_the_same_words(vocabulary: int) -> None:
    words = np.random.default_rng(1).integers(0, vocabulary, 1_001)
    words[:2] = 0, vocabulary - 1
    held = CountedWords.of(WordArray.of(words))
    assert held.fault() is None
    assert np.array_equal(held.all(), words)
    assert np.array_equal(held.take(np.arange(200, 700)), words[200:700])
    assert held.nbytes <= 2 * len(words) + 3 * np.count_nonzero(words >= 65_535) + len(words) // 16 + 8
    assert CountedWords(held.low, held.far_low, held.far_high, held.before + 1).fault() is not None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=small_texts.filter(any), order=st.integers(1, 5), text=st.lists(st.integers(0, 8), max_size=40))
def test_a_compact_table_is_the_same_table(lines: Lines, order: int, text: list[int]) -> None:
    stream = stream_of(with_ends(lines))
    model = KneserNey(order=order)
    model.fit(stream, stream, RunLog())
    table, compact = model.table, model.table.compacted()
    sequence = np.minimum(np.array(text, dtype=np.int32), len(stream.vocabulary) + 1)
    assert compact.score(sequence).tobytes() == table.score(sequence).tobytes()
    histories = [sequence[:place] for place in range(0, len(text), 5)]
    assert compact.rows(histories).tobytes() == table.rows(histories).tobytes()
    for n in range(2, order + 1):
        assert np.array_equal(compact.contexts_of(n), table.contexts_of(n))
        assert np.array_equal(compact.words_of(n), table.words_of(n))


@pytest.mark.parametrize("vocabulary", [2_000, 80_000])
def test_a_compact_table_of_a_long_text(tmp_path: Path, vocabulary: int) -> None:
    random = np.random.default_rng(3)
    words = (random.zipf(1.3, 200_000) % vocabulary).astype(np.int32)
    words[::17] = vocabulary  # `<s>`
    counts = count_ngrams(words, vocabulary, 4)
    table = interpolate(counts, adjusted_counts(counts), [(0.5, 1.0, 1.5)] * 4)
    compact = table.compacted()
    assert compact.nbytes < 0.8 * table.nbytes
    drawn = random.integers(0, vocabulary + 2, 100_000)
    text = np.where(random.random(100_000) < 0.9, words[:100_000], drawn)
    assert compact.score(text).tobytes() == table.score(text).tobytes()
    compact.save(tmp_path)
    mapped = BackoffTable.load(tmp_path, vocabulary)
    assert mapped.nbytes == compact.nbytes
    assert mapped.score(text).tobytes() == table.score(text).tobytes()
    ours, theirs = Lookup(compact), Lookup(table)
    history = theirs.start
    for word in words[1:400].tolist():
        if word == vocabulary:
            history = theirs.start
            continue
        expected = theirs.next(history, word)
        assert ours.next(history, word) == expected
        history = expected[2]
    for name in ("starts_bits.3", "starts.4", "log_backoffs_rare_places.2", "log_backoffs_values.3"):
        path = tmp_path / f"{name}.npy"
        before = path.read_bytes()
        array = np.load(path)
        np.save(path, np.roll(array, 1)[: max(len(array) - 1, 1)])
        with pytest.raises(UserError, match="is damaged"):
            BackoffTable.load(tmp_path, vocabulary)
        path.write_bytes(before)


@pytest.mark.parametrize("vocabulary", [10, 2**16 - 1, 2**16, 2**16 + 1, 2**24 + 1])
def test_words_of_vocabularies_of_every_size(vocabulary: int) -> None:
    words = np.random.default_rng(1).integers(0, vocabulary, 1_001)
    words[:2] = 0, vocabulary - 1
    held = WordArray.of(words)
    assert held.fault() is None
    assert np.array_equal(held.all(), words)
    assert np.array_equal(held.take(np.arange(500)), words[:500])
    if len(held.far):
        assert WordArray(held.low, held.far[1:], held.far_words).fault() is not None
        assert WordArray(held.low, held.far - 1, held.far_words).fault() is not None
    elsewhere = held.low.copy()
    elsewhere[3] = 65_535 if held.low[3] != 65_535 else 0  # a mark without a place, or a place without one
    assert WordArray(elsewhere, held.far, held.far_words).fault() is not None
    assert held.nbytes == 2 * len(words) + 8 * np.count_nonzero(words >= 65_535)


@pytest.mark.parametrize("vocabulary", [70, 66_000, 200_000])
def test_every_ngram_is_found_and_no_other(vocabulary: int) -> None:
    random = np.random.default_rng(2)
    contexts = np.sort(random.integers(0, 40, 900) ** 2 // 40)
    words = random.integers(0, vocabulary, len(contexts))
    contexts, words = np.unique(np.stack([contexts, words]), axis=1)
    held = Continuations.of(contexts, words, 45, packed=True)
    ids = {pair: number for number, pair in enumerate(zip(contexts.tolist(), words.tolist(), strict=True))}

    sought = [
        *ids,
        *((c, w) for c in range(45) for w in (-1, 0, 1, 7, 33, vocabulary - 1) if (c, w) not in ids),
    ]
    random.shuffle(sought)
    asked = np.array(sought)
    found, numbers, lacking = held.find(asked[:, 0], asked[:, 1].astype(np.int32))
    assert {sought[i]: number for i, number in zip(found, numbers.tolist(), strict=True)} == ids
    assert sorted([*found, *lacking]) == list(range(len(sought)))
    assert np.array_equal(held.contexts(), contexts)
    listed, owner = held.of_contexts(np.array([3, 44, 0, 3]))
    expected = [(i, number) for i, c in enumerate([3, 44, 0, 3]) for (d, _), number in ids.items() if d == c]
    assert list(zip(owner.tolist(), listed.tolist(), strict=True)) == expected


@given(small_texts, small_texts, st.integers(1, 4))
def test_scores_are_those_of_the_definition(train: Lines, test: Lines, order: int) -> None:
    vocabulary = vocabulary_of(with_ends(train), *"abcde", END)
    model = KneserNey(order=order)
    model.fit(stream_of(with_ends(train), vocabulary), stream_of([], vocabulary), RunLog())
    reference = Dictionary(model.table)
    start, expected = len(vocabulary), []
    for line in test:
        history = [start]
        for word in vocabulary.encode([*line, END]).tolist():
            expected.append(
                reference.log_prob(word, tuple(history)[len(history) - min(len(history), order - 1) :])
            )
            history.append(word)
    scores = model.log_probs(stream_of(with_ends(test), vocabulary))
    assert scores == pytest.approx(np.array(expected), abs=1e-5)


class Dictionary:
    """A table's n-grams as tuples, scored by the definition of backoff."""

    def __init__(self, table: BackoffTable) -> None:
        grams: list[tuple[int, ...]] = [(word,) for word in table.words_of(1).tolist()]
        self.log_probs = dict(zip(grams, np.asarray(table.log_probs[0]).tolist(), strict=False))
        self.log_backoffs: dict[tuple[int, ...], float] = {}
        for n in range(1, table.order + 1):
            if n > 1:
                pairs = zip(table.contexts_of(n).tolist(), table.words_of(n).tolist(), strict=True)
                grams = [(*grams[context], word) for context, word in pairs]
                self.log_probs |= zip(grams, np.asarray(table.log_probs[n - 1]).tolist(), strict=True)
            if n < table.order:
                self.log_backoffs |= zip(grams, np.asarray(table.log_backoffs[n - 1]).tolist(), strict=True)

    def log_prob(self, word: int, history: tuple[int, ...]) -> float:
        if (*history, word) in self.log_probs:
            return self.log_probs[*history, word]
        return self.log_backoffs.get(history, 0.0) + self.log_prob(word, history[1:])


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, KneserNey]:
    tokens = np.random.default_rng(5).choice(["a", "b", "c", END], 500).tolist()
    model = KneserNey(order=3)
    model.fit(stream_of(tokens), stream_of([], vocabulary_of(tokens)), RunLog())
    model.save(tmp_path)
    return tmp_path, model


def test_a_saved_table_is_mapped_not_read(saved: tuple[Path, KneserNey]) -> None:
    folder, model = saved
    loaded = KneserNey.load(folder, model.vocabulary).table
    assert loaded.nbytes == model.table.nbytes
    assert all(isinstance(each.base, np.memmap) for each in (*loaded.log_probs, *loaded.log_backoffs))


@pytest.mark.parametrize("name", ["words.3", "starts.2", "starts_ends.3", "log_probs.2", "log_backoffs.1"])
def test_a_damaged_file_is_named(saved: tuple[Path, KneserNey], name: str) -> None:
    folder, model = saved
    path = folder / f"{name}.npy"
    whole = path.read_bytes()
    shorter, other = np.load(path)[:-1], np.load(path).astype(np.float64)
    for damage in (
        path.unlink,
        lambda: path.write_bytes(whole[:-3]),
        lambda: path.write_text("no array"),
        lambda: np.save(path, shorter),
        lambda: np.save(path, other),
    ):
        path.write_bytes(whole)
        damage()
        with pytest.raises(UserError, match=rf"{path} is damaged") as error:
            KneserNey.load(folder, model.vocabulary)
        assert "\n" not in str(error.value)


def test_starts_that_do_not_ascend_are_refused(saved: tuple[Path, KneserNey]) -> None:
    folder, model = saved
    path = folder / "starts.2.npy"
    np.save(path, np.load(path)[::-1])
    with pytest.raises(UserError, match="do not ascend"):
        KneserNey.load(folder, model.vocabulary)


def test_sizes_of_another_table_are_refused(saved: tuple[Path, KneserNey]) -> None:
    folder, model = saved
    sizes = json.loads((folder / "table.json").read_text(encoding="utf-8"))
    (folder / "table.json").write_text(json.dumps({**sizes, "words": 7}), encoding="utf-8")
    with pytest.raises(UserError, match=r"table.json is damaged .* not describe a model of 5 words"):
        KneserNey.load(folder, model.vocabulary)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=small_texts.filter(any), order=st.integers(1, 5), text=st.lists(st.integers(0, 8), max_size=40))
def test_hash_tables_score_like_the_trie(with_loops: Path, lines: Lines, order: int, text: list[int]) -> None:
    stream = stream_of(with_ends(lines))
    model = KneserNey(order=order)
    model.fit(stream, stream, RunLog())
    hashed = HashedTable.of(model.table)
    words = len(stream.vocabulary)
    sequence = np.minimum(np.array(text, dtype=np.int32), words + 1)  # words, `<s>` and gaps
    assert hashed.score(sequence).tobytes() == model.table.score(sequence).tobytes()


def test_hash_tables_of_a_long_text(tmp_path: Path, with_loops: Path) -> None:
    """Over several blocks, with a vocabulary beyond 16 bits, saved and mapped."""
    random = np.random.default_rng(3)
    words = (random.zipf(1.3, 300_000) % 80_000).astype(np.int32)
    words[::17] = 80_000  # `<s>`
    counts = count_ngrams(words, 80_000, 4)
    adjusted = adjusted_counts(counts)
    table = interpolate(counts, adjusted, [(0.5, 1.0, 1.5)] * 4)
    text = np.where(random.random(200_000) < 0.9, words[:200_000], random.integers(0, 80_002, 200_000))
    hashed = HashedTable.of(table)
    assert hashed.score(text).tobytes() == table.score(text).tobytes()
    hashed.save(tmp_path)
    assert HashedTable.load(tmp_path, table).score(text).tobytes() == table.score(text).tobytes()
    assert 24 * table.entries < hashed.nbytes + 16 * 80_000 < 27 * table.entries
    size = np.load(tmp_path / "hashed_size.3.npy")
    for bad in (np.array([0]), size + 1_000_000, size.astype(np.int32)):
        np.save(tmp_path / "hashed_size.3.npy", bad)
        with pytest.raises(UserError, match=r"hashed(_size)?\.3\.npy is damaged"):
            HashedTable.load(tmp_path, table)
    np.save(tmp_path / "hashed_size.3.npy", size)
    np.save(tmp_path / "hashed.3.npy", np.ones((int(size[0]) + 5, 2), dtype=np.uint64))  # no empty slot
    with pytest.raises(UserError, match=r"hashed\.3\.npy is damaged"):
        HashedTable.load(tmp_path, table)
