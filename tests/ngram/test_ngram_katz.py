"""Katz backoff and Good-Turing discounts: against dictionaries, arithmetic and published figures.

nltk has nothing to compare with: its SimpleGoodTuringProbDist (Gale & Sampson 1995) smooths the counts of
counts by a regression and is no backoff model.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ngram_texts import Lines, Notes, penn_treebank, perplexity, small_texts, stream_of, with_ends

from baselines.ngram.smoothing.katz import Katz, discount_ratios
from benchmark.check import check_model
from benchmark.contract import RunLog
from benchmark.errors import UserError

#: Texts whose counts of counts fall off fast enough to be discounted, with words that stand alone.
lively_texts = st.lists(
    st.lists(st.sampled_from("aaaaaabbbbccddefghijklmnop"), min_size=1, max_size=9), min_size=3, max_size=25
)


class ReferenceKatz:
    """Katz 1987 with SRILM's conventions, on dictionaries, one probability at a time."""

    def __init__(
        self, lines: Lines, vocabulary: Sequence[str], order: int, threshold: int, minimum: Sequence[int]
    ) -> None:
        self.vocabulary, self.order, self.minimum = vocabulary, order, minimum
        self.counts: list[dict[tuple[str, ...], Counter[str]]] = [defaultdict(Counter) for _ in range(order)]
        for line in lines:
            words = ["<s>", *line, "</s>"]
            for n in range(1, order + 1):
                for i in range(len(words) - n + 1):
                    if words[i + n - 1] != "<s>":
                        self.counts[n - 1][tuple(words[i : i + n - 1])][words[i + n - 1]] += 1
        self.ratios = [
            self._ratios(Counter(c for words in of_order.values() for c in words.values()), threshold)
            for of_order in self.counts
        ]

    @staticmethod
    def _ratios(seen: Counter[int], threshold: int) -> dict[int, float]:
        for k in range(threshold, 1, -1):
            if all(seen[r] for r in range(1, k + 2)):
                common = (k + 1) * seen[k + 1] / seen[1]
                if common < 1:
                    ratios = {
                        r: ((r + 1) * seen[r + 1] / (r * seen[r]) - common) / (1 - common)
                        for r in range(1, k + 1)
                    }
                    if all(0 < ratio <= 1 for ratio in ratios.values()):
                        return ratios
        return {}

    def probability(self, word: str, context: tuple[str, ...]) -> float:
        counts = self.counts[len(context)].get(context, Counter())
        minimum = self.minimum[min(len(context), len(self.minimum) - 1)]
        kept = {w: count for w, count in counts.items() if count >= minimum}
        total = sum(counts.values())
        ratios = self.ratios[len(context)]
        explicit = {w: ratios.get(count, 1.0) * count / total for w, count in kept.items()}
        if 1 - sum(explicit.values()) < 1e-9 and total:
            explicit = {w: ratios.get(count, 1.0) * count / (total + 1) for w, count in kept.items()}
        left = 1 - sum(explicit.values())
        if len(kept) == len(self.vocabulary):
            return explicit[word] + left * self._lower(word, context)
        if word in explicit:
            return explicit[word]
        unseen = 1 - sum(self._lower(w, context) for w in kept)
        return left / unseen * self._lower(word, context)

    def _lower(self, word: str, context: tuple[str, ...]) -> float:
        return self.probability(word, context[1:]) if context else 1 / len(self.vocabulary)


@given(
    lines=st.one_of(lively_texts, small_texts),
    order=st.integers(1, 4),
    threshold=st.integers(0, 6),
    minimum=st.sampled_from([(1,), (1, 1, 2), (2,), (1, 3)]),
    strange=st.lists(st.sampled_from("abcxyz"), max_size=5),
)
def test_agrees_with_dictionaries(
    lines: Lines, order: int, threshold: int, minimum: tuple[int, ...], strange: list[str]
) -> None:
    stream = stream_of(with_ends(lines))
    ours = Katz(order=order, threshold=threshold, minimum_counts=minimum)
    ours.fit(stream, stream, RunLog())
    words = stream.vocabulary.tokens
    theirs = ReferenceKatz(lines, words, order, threshold, minimum)
    histories = [line[:i] for line in [*lines[:3], strange] for i in range(len(line) + 1)]
    histories = [history for history in histories if set(words).issuperset(history)]
    rows = np.exp(ours.next_log_probs([stream.vocabulary.encode(history) for history in histories]))
    for row, history in zip(rows, histories, strict=True):
        context = ["<s>", *history][max(0, len(history) + 2 - order) :] if order > 1 else []
        assert row == pytest.approx([theirs.probability(w, tuple(context)) for w in words], rel=1e-4)
        assert row.sum() == pytest.approx(1, abs=1e-5)


def test_hand_computed_ratios() -> None:
    """n₁ … n₃ = 10, 4, 2 and k = 2: 1* = 0.8, 2* = 1.5, A = 0.6, so d(1) = 0.2 / 0.4, d(2) = 0.15 / 0.4."""
    counts = np.repeat([1, 2, 3, 9], [10, 4, 2, 5])
    assert discount_ratios(counts, 2) == pytest.approx([0, 0.5, 0.375])


@given(st.lists(st.floats(0.25, 0.45), min_size=3, max_size=5), st.integers(2, 5))
def test_what_is_taken_is_the_count_of_singletons(falls: list[float], threshold: int) -> None:
    counts_of_counts = (10_000 * np.cumprod([1, *falls])).astype(int)
    ratios = discount_ratios(np.repeat(np.arange(len(falls) + 1) + 1, counts_of_counts), threshold)
    assume(len(ratios) > 1)
    r = np.arange(1, len(ratios))
    taken = counts_of_counts[: len(r)] * (1 - ratios[1:]) * r
    assert taken.sum() == pytest.approx(counts_of_counts[0])


def test_counts_of_counts_with_a_gap_lower_the_threshold() -> None:
    """With n₄ = 0, ratios are possible up to k = 2."""
    counts = np.repeat([1, 2, 3, 5], [10, 4, 2, 1])
    assert len(discount_ratios(counts, 5)) == 1 + 2
    assert discount_ratios(np.repeat([1, 2], [1, 5]), 5).tolist() == [0]


def test_the_log_says_where_nothing_could_be_discounted() -> None:
    notes = Notes()
    stream = stream_of(with_ends([["a", "b"], ["a"]]))
    model = Katz(order=2)
    model.fit(stream, stream, notes)
    assert [line for line in notes.messages if line.endswith("took none")] == notes.messages
    assert len(notes.messages) == 2
    assert model.ratios == [[0], [0]]


def test_n_grams_below_the_minimum_are_left_to_the_lower_order() -> None:
    """c(a b) = 1 is below 2: p(b | a) is b(a) p(b), and a's other word keeps its count of all three."""
    lines = [["a", "c"], ["a", "c"], ["a", "b"]]
    stream = stream_of(with_ends(lines))
    model = Katz(order=2, threshold=0, minimum_counts=(1, 2))
    model.fit(stream, stream, RunLog())
    a, b, c, end = stream.vocabulary.encode(["a", "b", "c", "</s>"])
    after_a, nothing = np.exp(model.next_log_probs([np.array([end, a]), np.array([end, b])]))
    assert after_a[c] == pytest.approx(2 / 3)
    assert after_a[b] / after_a[end] == pytest.approx(nothing[b] / nothing[end], rel=1e-5)
    # five words with `<unk>`; <s> a, a c and c </s> are stored, a b and b </s> are not
    assert model.size().entries == 5 + 3


def test_minimum_counts_that_fall_are_refused() -> None:
    with pytest.raises(UserError, match="minimum_counts"):
        Katz(minimum_counts=(1, 2, 1))


@pytest.mark.parametrize(
    ("order", "published"),
    [(3, 165.2), (5, 162.3)],  # Mikolov's thesis (2012), table 4.1, by SRILM
)
def test_srilms_good_turing_on_the_penn_treebank(order: int, published: float) -> None:
    treebank = penn_treebank()
    model = Katz(order=order, threshold=7, minimum_counts=(1, 1, 2))
    model.fit(treebank["train"], treebank["valid"], RunLog())
    assert perplexity(model.log_probs(treebank["test"])) == pytest.approx(published, abs=0.1)


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("context", ["sentence", "stream"])
@pytest.mark.parametrize("minimum", [(1,), (1, 1, 2)])
def test_keeps_the_contract(order: int, context: str, minimum: tuple[int, ...]) -> None:
    def build() -> Katz:
        return Katz(order=order, context=context, minimum_counts=minimum)  # type: ignore[arg-type]

    assert [finding for finding in check_model(build) if finding.problem] == []
