"""Pruned models: what goes, by brute force on tiny texts, and that what stays is a distribution."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ngram_texts import Lines, Notes, penn_treebank, perplexity, small_texts, stream_of, with_ends

from baselines.ngram.arpa.model import Arpa
from baselines.ngram.compact.prune import by_count, by_relative_entropy, relative_entropies
from baselines.ngram.compact.pruned import Pruned
from baselines.ngram.compact.quantised import Quantised
from baselines.ngram.counting.counts import count_ngrams
from baselines.ngram.counting.history import training_sequence
from baselines.ngram.model import BackoffModel
from baselines.ngram.smoothing.add_k import AddK
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.uniform import Uniform
from baselines.ngram.smoothing.witten_bell import WittenBell
from baselines.ngram.table.unpacked import UnpackedOrder, event_probabilities, pack, unpack
from baselines.saving import saved_settings
from benchmark.check import check_model
from benchmark.contract import RunLog
from benchmark.errors import UserError

Gram = tuple[int, ...]
Model = dict[Gram, list[float]]  # p* and b


def model_of(orders: list[UnpackedOrder]) -> Model:
    """As a dictionary, without the n-grams that are only implied."""
    model: Model = {}
    above: list[Gram] = [()]
    for order in orders:
        grams = [
            (*above[context], word)
            for context, word in zip(order.contexts.tolist(), order.last_words.tolist(), strict=True)
        ]
        for gram, prob, backoff, implied in zip(
            grams, np.exp(order.log_probs), np.exp(order.log_backoffs), order.implied, strict=True
        ):
            if not implied:
                model[gram] = [float(prob), float(backoff)]
        above = grams
    return model


def probability(model: Model, word: int, history: Gram) -> float:
    if (*history, word) in model:
        return model[*history, word][0]
    return model.get(history, [0, 1.0])[1] * probability(model, word, history[1:])


def weigh(model: Model, context: Gram) -> None:
    """The backoff weight that makes the probabilities after `context` sum to one."""
    stored = [gram for gram in model if gram[:-1] == context]
    left = 1 - sum(model[gram][0] for gram in stored)
    room = 1 - sum(probability(model, gram[-1], gram[1:-1]) for gram in stored)
    model[context][1] = left / room if stored else 1.0


def fit(lines: Lines, order: int, kind: type[BackoffModel]) -> tuple[BackoffModel, int, int]:
    stream = stream_of(with_ends(lines))
    model = kind(order=order)
    model.fit(stream, stream, RunLog())
    assert stream.vocabulary.end is not None
    return model, len(stream.vocabulary), stream.vocabulary.end


@given(lines=small_texts, order=st.integers(2, 4), kind=st.sampled_from([KneserNey, WittenBell]))
def test_relative_entropy_is_that_of_losing_one_ngram(
    lines: Lines, order: int, kind: type[BackoffModel]
) -> None:
    """Σ_w P(h) p(w | h) ln (p(w | h) / p'(w | h)), with all probabilities written out."""
    assume(any(lines))
    fitted, words, end = fit(lines, order, kind)
    orders = unpack(fitted.table)
    model = model_of(orders)
    found: dict[Gram, float] = {}
    for n, entropies in enumerate(relative_entropies(orders, end), 2):
        grams = [gram for gram in model if len(gram) == n]
        found |= dict(zip(grams, entropies.tolist(), strict=True))
    for gram, entropy in found.items():
        *before, _ = context = gram[:-1]
        after = {key: list(value) for key, value in model.items() if key != gram}
        weigh(after, context)
        marginal = math.prod(
            probability(model, end if word == words else word, context[:at])
            for at, word in enumerate(context)
        )
        expected = marginal * sum(
            p * math.log(p / probability(after, word, context))
            for word in range(words)
            if (p := probability(model, word, context)) > 1e-12
        )
        assert entropy == pytest.approx(expected, abs=2e-6), (gram, before)


@given(
    lines=small_texts,
    order=st.integers(2, 4),
    threshold=st.sampled_from([1e-4, 1e-3, 1e-2, 0.1, 1.0]),
    kind=st.sampled_from([KneserNey, WittenBell]),
)
def test_by_relative_entropy(lines: Lines, order: int, threshold: float, kind: type[BackoffModel]) -> None:
    """What goes is what has no longer n-gram that stays and costs less than the threshold."""
    assume(any(lines))
    fitted, words, end = fit(lines, order, kind)
    orders = unpack(fitted.table)
    whole = model_of(orders)
    entropies = [entropy for each in relative_entropies(orders, end) for entropy in each.tolist()]
    cost = dict(zip([gram for gram in whole if len(gram) > 1], entropies, strict=True))
    expected: set[Gram] = set()
    for gram in sorted(whole, key=len, reverse=True):
        longer = any(other[:-1] == gram for other in expected)
        if len(gram) == 1 or longer or math.expm1(cost[gram]) >= threshold:
            expected.add(gram)
    pruned = by_relative_entropy(orders, threshold, end)
    made = model_of(pruned)
    assert made.keys() == expected
    for context in {gram[:-1] for gram in expected if len(gram) > 1}:
        kept = {key: list(value) for key, value in made.items()}
        weigh(kept, context)
        assert made[context][1] == pytest.approx(kept[context][1], rel=1e-3, abs=1e-6)
    for gram in expected:
        assert made[gram][0] == pytest.approx(whole[gram][0], rel=1e-4)
    for history in product(range(words), repeat=2):
        assert sum(probability(made, word, history) for word in range(words)) == pytest.approx(1, abs=1e-5)


@given(
    lines=small_texts,
    order=st.integers(2, 4),
    cutoffs=st.lists(st.integers(0, 3), min_size=3, max_size=3).map(sorted),
    kind=st.sampled_from([KneserNey, WittenBell, AddK]),
)
def test_by_count(lines: Lines, order: int, cutoffs: list[int], kind: type[BackoffModel]) -> None:
    assume(any(lines))
    fitted, words, _ = fit(lines, order, kind)
    stream = stream_of(with_ends(lines), fitted.vocabulary)
    counts = count_ngrams(training_sequence(stream.ids, stream.vocabulary, "sentence"), words, order)
    orders = unpack(fitted.table)
    whole = dict(zip(model_of(orders), (c for each in counts for c in each.counts.tolist()), strict=True))
    pruned = by_count(orders, [each.counts for each in counts], [0, *cutoffs][:order])
    assert model_of(pruned).keys() == {
        gram for gram, count in whole.items() if len(gram) == 1 or count > [0, *cutoffs][len(gram) - 1]
    }
    for sums in event_probabilities(pruned, np.ones(words + 1, dtype=bool)):
        assert sums == pytest.approx(1, abs=1e-5)


def test_nothing_goes_at_zero_and_all_but_words_at_a_high_threshold() -> None:
    fitted, words, end = fit([["a", "b", "a", "c"], ["b", "a"], ["c"]] * 2, 3, KneserNey)
    orders = unpack(fitted.table)
    assert list(map(len, by_relative_entropy(orders, 1e-12, end))) == list(map(len, orders))
    assert list(map(len, by_relative_entropy(orders, 1e9, end))) == [words + 1, 0, 0]


@pytest.mark.parametrize("of", [KneserNey(order=4), WittenBell(order=3)])
@pytest.mark.parametrize(
    "settings", [{"threshold": 1e-4}, {"cutoffs": (0, 0, 1)}, {"threshold": 1e-4, "cutoffs": (0, 1)}]
)
def test_keeps_the_contract(of: BackoffModel, settings: dict) -> None:
    findings = check_model(lambda: Pruned(of=type(of)(order=of.order), **settings))
    assert [finding for finding in findings if finding.problem] == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"of": Uniform()}, "Uniform has no table of n-grams with backoff weights"),
        ({"of": KneserNey(), "cutoffs": (1, 1)}, "begin with 0"),
        ({"of": KneserNey(), "cutoffs": (0, 2, 1)}, "never fall"),
    ],
)
def test_wrong_settings_are_named(settings: dict, says: str) -> None:
    with pytest.raises(UserError, match=says):
        Pruned(**settings)


def test_penn_treebank() -> None:
    """A ninth of the n-grams are nearly as good as all, two thirds are better."""
    splits = penn_treebank()
    test = splits["test"].head(20_000)
    whole = WittenBell(order=3)
    whole.fit(splits["train"], splits["valid"], RunLog())
    orders = unpack(whole.table)
    before = perplexity(whole.log_probs(test))
    for threshold, share, worse in ((1e-6, 0.7, 0.98), (5e-6, 0.12, 1.05)):
        pruned = by_relative_entropy(orders, threshold, splits["train"].vocabulary.end)
        whole.table = pack(pruned)
        assert whole.table.entries < share * sum(map(len, orders))
        assert perplexity(whole.log_probs(test)) < worse * before


def test_what_is_left_is_counted_in_the_log() -> None:
    stream, notes = stream_of(with_ends([["a", "b", "a", "c"], ["b", "a"]])), Notes()
    model = Pruned(of=KneserNey(order=3), threshold=1e9)
    model.fit(stream, stream, notes)
    words = len(stream.vocabulary)
    assert model.size().entries == words
    assert notes.messages[-1].startswith(f"{words + 1} of ")


def test_made_of_an_arpa_file_and_quantised_it_is_saved_whole(tmp_path: Path) -> None:
    stream = stream_of(with_ends([["a", "b", "a", "c"], ["b", "a"], ["c"]] * 2))
    whole = KneserNey(order=3)
    whole.fit(stream, stream, RunLog())
    whole.write_arpa(tmp_path / "whole.arpa")
    model = Quantised(
        of=Pruned(of=Arpa(path=str(tmp_path / "whole.arpa")), threshold=1e-3, cutoffs=(0, 0, 1))
    )
    model.fit(stream, stream, RunLog())
    folder = tmp_path / "saved"
    folder.mkdir()
    model.save(folder)
    loaded = Quantised.load(folder, stream.vocabulary)
    assert np.array_equal(loaded.log_probs(stream), model.log_probs(stream))
    assert saved_settings(loaded) == saved_settings(model)
