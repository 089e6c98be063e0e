"""The discounting methods against hand-computed tables and their formulas in plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import (
    Lines,
    Notes,
    penn_treebank,
    perplexity,
    small_texts,
    stream_of,
    vocabulary_of,
    with_ends,
)

from baselines.ngram.model import BackoffModel
from baselines.ngram.smoothing.absolute_discounting import AbsoluteDiscounting
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.kneser_ney_variants import KneserNeyBackoff, KneserNeySingle
from baselines.ngram.smoothing.maximum_likelihood import MaximumLikelihood
from baselines.ngram.smoothing.witten_bell import WittenBell
from baselines.saving import learned_by, settings_of
from benchmark.check import check_model
from benchmark.contract import Context, RunLog, TokenStream
from benchmark.corpus import END, UNKNOWN

#: Name → builds the model, given its order and context.
METHODS: dict[str, Callable[..., BackoffModel]] = {
    "maximum likelihood": MaximumLikelihood,
    "Witten-Bell, interpolated": WittenBell,
    "Witten-Bell, backoff": lambda **keys: WittenBell(form="backoff", **keys),
    "absolute discounting, interpolated": AbsoluteDiscounting,
    "absolute discounting, backoff": lambda **keys: AbsoluteDiscounting(form="backoff", **keys),
    "absolute discounting, 0.75": lambda **keys: AbsoluteDiscounting(discount=0.75, **keys),
    "Kneser-Ney, single": KneserNeySingle,
    "Kneser-Ney, single, backoff": KneserNeyBackoff,
    "Kneser-Ney, modified, backoff": lambda **keys: KneserNeyBackoff(discounts="modified", **keys),
}

Gram = tuple[str, ...]
#: What an order takes from each of its counts, and what a context's counts leave to the lower order.
Take = Callable[[dict[str, int]], tuple[dict[str, float], float]]


def fitted(model: BackoffModel, stream: TokenStream) -> BackoffModel:
    model.fit(stream, stream, RunLog())
    return model


class Reference:
    """p(word | context) by the formulas, on dictionaries, from texts that begin with `<s>`."""

    def __init__(self, method: str, texts: list[list[str]], vocabulary: Sequence[str], order: int) -> None:
        self.vocabulary, self.order, self.backoff = vocabulary, order, method.endswith("backoff")
        raw = [
            Counter(
                tuple(text[i : i + n])
                for text in texts
                for i in range(len(text) - n + 1)
                if text[i + n - 1] != "<s>"
            )
            for n in range(1, order + 1)
        ]
        self.followers: list[dict[Gram, dict[str, int]]] = []
        self.take: list[Take] = []
        for n, counts in enumerate(raw, 1):
            if method.startswith("Kneser-Ney") and n < order:
                lefts = Counter(longer[1:] for longer in raw[n])
                counts = Counter({g: c if g[0] == "<s>" else lefts[g] for g, c in counts.items()})
            by_context: dict[Gram, dict[str, int]] = defaultdict(dict)
            for gram, count in counts.items():
                by_context[gram[:-1]][gram[-1]] = count
            self.followers.append(dict(by_context))
            self.take.append(self._taken(method, Counter(counts.values())))
        self.row = cache(self._row)

    @staticmethod
    def _taken(method: str, seen: Counter[int]) -> Take:
        if method == "maximum likelihood":
            return lambda counts: (dict(counts), 0)
        if method.startswith("Witten-Bell"):
            return lambda counts: (dict(counts), len(counts))
        single = seen[1] / (seen[1] + 2 * seen[2]) if seen[1] and seen[2] else 0.5
        amounts = [single] * 3
        if method.endswith("0.75"):
            amounts = [0.75] * 3
        if "modified" in method:
            amounts = [0.5, 1.0, 1.5]
            if seen[1] and seen[2] and seen[3]:
                exact = [i - (i + 1) * single * seen[i + 1] / seen[i] for i in (1, 2, 3)]
                amounts = exact if all(0 < d <= i for i, d in enumerate(exact, 1)) else amounts

        def take(counts: dict[str, int]) -> tuple[dict[str, float], float]:
            taken = {word: amounts[min(count, 3) - 1] for word, count in counts.items()}
            return {word: counts[word] - taken[word] for word in counts}, sum(taken.values())

        return take

    def _row(self, context: Gram) -> dict[str, float]:
        """p of every word after the last order − 1 words of a context."""
        context = context[len(context) - self.order + 1 :] if len(context) >= self.order else context
        lower = self.row(context[1:]) if context else dict.fromkeys(self.vocabulary, 1 / len(self.vocabulary))
        counts = self.followers[len(context)].get(context)
        if not counts:
            return lower
        kept, left = self.take[len(context)](counts)
        total = sum(kept.values()) + left
        seen = {word for word, count in kept.items() if count > 0}
        if self.backoff and len(seen) < len(self.vocabulary):
            unseen = sum(lower[word] for word in self.vocabulary if word not in seen)
            return {w: (kept[w] if w in seen else left * lower[w] / unseen) / total for w in self.vocabulary}
        return {word: (kept.get(word, 0) + left * lower[word]) / total for word in self.vocabulary}


@pytest.mark.parametrize("context", ["sentence", "stream"])
@pytest.mark.parametrize("method", METHODS)
@given(lines=small_texts, order=st.integers(1, 7), strange=st.lists(st.sampled_from([*"abcde", UNKNOWN])))
def test_agrees_with_the_formulas(
    method: str, context: Context, lines: Lines, order: int, strange: list[str]
) -> None:
    """After every prefix of the text, and of one never seen; and every row sums to one."""
    tokens = with_ends(lines)
    stream = stream_of(tokens)
    vocabulary = stream.vocabulary
    model = fitted(METHODS[method](order=order, context=context), stream)
    by_sentence = [["<s>", *line, END] for line in lines]
    texts = by_sentence if context == "sentence" else [["<s>", *tokens]]
    reference = Reference(method, texts, vocabulary.tokens, order)

    longer = [*tokens[:20], *(word for word in strange if word in vocabulary.ids)]
    prefixes = [longer[:i] for i in range(len(longer) + 1)]
    expected = []
    for prefix in prefixes:
        if context == "stream":
            history = [END, *prefix]  # a text begins as if after an </s>
        else:
            history = ["<s>", *prefix[len(prefix) - [*prefix[::-1], END].index(END) :]]
        expected.append([reference.row(tuple(history))[word] for word in vocabulary.tokens])
    rows = np.exp(model.next_log_probs([vocabulary.encode(prefix) for prefix in prefixes]))
    assert rows == pytest.approx(np.array(expected), rel=2e-5, abs=1e-12)
    assert rows.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)


#: Lines "a b" and "a c"; words a, b, c, </s>: V = 4. Bigrams <s> a 2, a b 1, a c 1, b </s> 1, c </s> 1;
#: unigrams a 2, b 1, c 1, </s> 2; continuation counts a 1, b 1, c 1, </s> 2.
HAND = [["a", "b"], ["a", "c"]]
BY_HAND = {
    # unigrams (c + 4/4) / 10; after <s> (c + p) / 3, after a (c + 2 p) / 4
    WittenBell(order=2): (
        [0.3, 0.2, 0.2, 0.3],
        [2.3 / 3, 0.2 / 3, 0.2 / 3, 0.3 / 3],
        [0.15, 0.35, 0.35, 0.15],
    ),
    # unigrams, all seen: as above; <s> keeps 2/3 for a, leaving 1/3 to b, c, </s> as 2 : 2 : 3;
    # a keeps 1/4 each for b, c, leaving 1/2 to a, </s> as 3 : 3
    WittenBell(order=2, form="backoff"): (
        [0.3, 0.2, 0.2, 0.3],
        [2 / 3, 2 / 21, 2 / 21, 3 / 21],
        [0.25, 0.25, 0.25, 0.25],
    ),
    # unigrams (c − 1/2) / 6 + 2/6 · 1/4; after <s> 1.5/2 + p/4, after a 0.25 + p/2
    AbsoluteDiscounting(order=2, discount=0.5): (
        [1 / 3, 1 / 6, 1 / 6, 1 / 3],
        [0.75 + 1 / 12, 1 / 24, 1 / 24, 1 / 12],
        [1 / 6, 1 / 3, 1 / 3, 1 / 6],
    ),
    # <s> leaves 1/4 to b, c, </s> as 1 : 1 : 2; a leaves 1/2 to a, </s> as 1 : 1
    AbsoluteDiscounting(order=2, discount=0.5, form="backoff"): (
        [1 / 3, 1 / 6, 1 / 6, 1 / 3],
        [0.75, 1 / 16, 1 / 16, 1 / 8],
        [0.25, 0.25, 0.25, 0.25],
    ),
    # D₁ = 3 / (3 + 2) of the unigrams, 4 / (4 + 2) of the bigrams. Unigrams (a − 0.6) / 5 + 2.4 / 5 / 4 =
    # 0.2, 0.2, 0.2, 0.4; <s> keeps (2 − 2/3) / 2 and leaves 1/3; a keeps 1/6 each and leaves 2/3
    KneserNeySingle(order=2): (
        [0.2, 0.2, 0.2, 0.4],
        [2 / 3 + 0.2 / 3, 0.2 / 3, 0.2 / 3, 0.4 / 3],
        [0.4 / 3, 1 / 6 + 0.4 / 3, 1 / 6 + 0.4 / 3, 0.8 / 3],
    ),
    # b, c, </s> share 1/3 as 1 : 1 : 2 after <s>; a, </s> share 2/3 as 1 : 2 after a
    KneserNeyBackoff(order=2): (
        [0.2, 0.2, 0.2, 0.4],
        [2 / 3, 1 / 12, 1 / 12, 1 / 6],
        [2 / 9, 1 / 6, 1 / 6, 4 / 9],
    ),
}


@pytest.mark.parametrize("model", BY_HAND, ids=repr)
def test_hand_computed_bigram_models(model: BackoffModel) -> None:
    tokens = with_ends(HAND)
    stream = stream_of(tokens, vocabulary_of(tokens))
    fitted(model, stream)
    ids = stream.vocabulary.encode(["a", "b", "c", END])
    unigrams = np.exp(model.table.log_probs[0])[ids]
    after_start, after_a = np.exp(model.next_log_probs([[], ids[:1]]))[:, ids]
    for found, expected in zip((unigrams, after_start, after_a), BY_HAND[model], strict=True):
        assert found == pytest.approx(expected)


def test_a_whole_count_taken_is_a_word_not_seen() -> None:
    """Counts a 3, b 2, c 2, d 1, e 1, f 1: n₁ … n₄ = 3, 2, 1, 0, so Y = 3/7 and D₃₊ = 3 takes all of a's.
    D₁ = 1 − 2 · 3/7 · 2/3 = 3/7, D₂ = 2 − 3 · 3/7 · 1/2 = 19/14. It leaves 3 + 19/7 + 9/7 of 10, all to a."""
    model = KneserNeyBackoff(order=1, discounts="modified")
    fitted(model, stream_of([*"aaabbccdef"], vocabulary_of([*"aaabbccdef"])))
    assert model.amounts == [pytest.approx([3 / 7, 19 / 14, 3])]
    row = np.exp(model.next_log_probs([[]])[0])
    assert row == pytest.approx([0.7, 9 / 140, 9 / 140, 4 / 70, 4 / 70, 4 / 70])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tokens", [[], ["a"], [END], ["a"] * 9, [END] * 5, ["a", END] * 300])
def test_texts_without_variety(method: str, tokens: list[str]) -> None:
    """Nothing at all, a vocabulary of one word, one line many times, lines shorter than the order."""
    for vocabulary in (vocabulary_of(tokens, "a"), vocabulary_of(tokens, "a", END, UNKNOWN)):
        model = fitted(METHODS[method](order=5), stream_of(tokens, vocabulary))
        contexts = [vocabulary.encode(tokens[:n]) for n in range(min(len(tokens), 8) + 1)]
        sums = np.exp(model.next_log_probs(contexts).astype(np.float64)).sum(axis=1)
        assert sums == pytest.approx(np.ones(len(contexts)), abs=1e-5)
        if not tokens:
            assert np.exp(model.next_log_probs([[]])) == pytest.approx(1 / len(vocabulary))


def test_backoff_after_a_context_that_leaves_almost_nothing() -> None:
    """A million times a: its unseen followers still share by p(w), and those of "a a" by p(w | a)."""
    tokens = ["b", "a", "c"] + ["a"] * 1_000_000
    for model in (WittenBell(order=3, form="backoff"), AbsoluteDiscounting(order=3, form="backoff")):
        fitted(model, stream_of(tokens, vocabulary_of(tokens, "d")))
        after_a, after_aa = np.exp(model.next_log_probs([[0], [0, 0]]).astype(np.float64))
        unigrams = np.exp(model.table.log_probs[0])
        assert after_a[1] / after_a[3] == pytest.approx(unigrams[1] / unigrams[3], rel=1e-3)  # b : d
        assert after_aa[1:] / after_aa[1] == pytest.approx(after_a[1:] / after_a[1], rel=1e-3)


def test_orders_without_a_discount_are_named() -> None:
    """One word, three times: nothing was seen once or twice."""
    model, notes = AbsoluteDiscounting(order=1), Notes()
    model.fit(stream_of(["a", "a", "a"]), stream_of([]), notes)
    assert (model.discounts, model.fallback_orders) == ([0.5], [1])
    assert notes.messages == ["order 1: no discount from n1, n2 = 0, 0; took 0.5"]


@pytest.mark.parametrize("method", [name for name in METHODS if "0.75" not in name])
@pytest.mark.parametrize(("order", "context"), [(1, "sentence"), (3, "stream"), (7, "sentence")])
def test_keeps_the_contract(method: str, order: int, context: str) -> None:
    findings = check_model(lambda: METHODS[method](order=order, context=context))
    assert [finding for finding in findings if finding.problem] == []


@pytest.mark.parametrize(
    "model",
    [
        AbsoluteDiscounting(order=2, form="backoff", discount=0.4),
        WittenBell(order=2, form="backoff", context="stream"),
        KneserNeySingle(order=3),
        KneserNeyBackoff(order=3, discounts="modified"),
    ],
    ids=lambda model: type(model).__name__,
)
def test_settings_and_what_was_learned_are_saved(model: BackoffModel, tmp_path: Path) -> None:
    fitted(model, stream_of(with_ends(HAND)))
    model.save(tmp_path)
    loaded = type(model).load(tmp_path, model.vocabulary)
    assert settings_of(loaded) == settings_of(model)
    assert learned_by(loaded) == learned_by(model)


@pytest.mark.parametrize(("order", "mitlm"), [(2, 186.796), (3, 150.602), (5, 143.512)])
def test_one_discount_on_the_penn_treebank(order: int, mitlm: float) -> None:
    """`estimate-ngram -smoothing FixKN -order N -text ptb.train.txt -eval-perp ptb.test.txt` of MITLM."""
    splits = penn_treebank()
    model = fitted(KneserNeySingle(order=order), splits["train"])
    assert perplexity(model.log_probs(splits["test"])) == pytest.approx(mitlm, abs=0.002)


def test_the_order_of_the_methods_on_the_penn_treebank() -> None:
    """Trigrams on a million words: Kneser-Ney before absolute discounting before Witten-Bell, modified before
    single discounts, interpolation before backoff but for Witten-Bell (Chen & Goodman 1998, sec. 5.1)."""
    splits = penn_treebank()

    def trigram(method: Callable[..., BackoffModel]) -> float:
        return perplexity(fitted(method(order=3), splits["train"]).log_probs(splits["test"]))

    found = {name: trigram(METHODS[name]) for name in METHODS if "0.75" not in name}
    assert trigram(KneserNey) < found["Kneser-Ney, single"] < found["Kneser-Ney, single, backoff"]
    assert found["Kneser-Ney, single, backoff"] < found["absolute discounting, interpolated"]
    assert found["absolute discounting, interpolated"] < found["absolute discounting, backoff"]
    assert found["absolute discounting, backoff"] < found["Witten-Bell, backoff"]
    assert found["Witten-Bell, backoff"] < found["Witten-Bell, interpolated"]
    assert found["maximum likelihood"] == np.inf
