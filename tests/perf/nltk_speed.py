"""How much faster our Kneser-Ney scores than nltk's, and how far our models are from nltk's.

    python tests/perf/nltk_speed.py [TRAIN TEST] [--order 3] [--seconds 20] [--lines 1000]

One sentence a line, words between blanks; without files the Penn Treebank of $NEXTWORD_CORPORA. Speed: both
learn the whole training text; nltk scores the test text from its beginning for so many seconds, ours all
of it, before and after (best of both). Differences: both learn the first lines alone, as one stream,
and score the beginning of the test text.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import numpy as np
from ngram_speed import parser_of_texts

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.interpolate import interpolate
from baselines.ngram.external.nltk_lm import NltkLM, NltkModel, NltkScore
from baselines.ngram.model import BackoffModel
from baselines.ngram.smoothing.absolute_discounting import AbsoluteDiscounting
from baselines.ngram.smoothing.add_k import AddK
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.maximum_likelihood import MaximumLikelihood
from baselines.ngram.smoothing.stupid_backoff import StupidBackoff
from baselines.ngram.smoothing.witten_bell import WittenBell
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import RunLog, TokenStream, Vocabulary
from benchmark.corpus import END, UNKNOWN

_D, _K, _ALPHA = 0.75, 0.1, 0.4


class KneserNeyOfNltk(BackoffModel):
    """Kneser-Ney with nltk's one discount for all orders."""

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        return interpolate(counts, adjusted_counts(counts), [(_D, _D, _D)] * self.order)


def main() -> None:
    parser = parser_of_texts(__doc__ or "")
    parser.add_argument("--order", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--lines", type=int, default=1000)
    options = parser.parse_args()
    speed(*streams(options.train, options.test, None), options.order, options.seconds)
    protocol_differences(*streams(options.train, options.test, options.lines), options.order)


def streams(train: Path, test: Path, lines: int | None) -> tuple[TokenStream, TokenStream]:
    """Both texts in the vocabulary of the first; its other words are `<unk>`."""
    words = tokens_of(train, lines)
    ranked = Counter([*words, UNKNOWN]).most_common()
    vocabulary = Vocabulary(tuple(word for word, _ in ranked), np.array([count for _, count in ranked]))
    ids = (vocabulary.encode(each).astype(np.uint32) for each in (words, tokens_of(test, lines)))
    ours, theirs = (TokenStream.from_ids(each, vocabulary) for each in ids)
    return ours, theirs


def tokens_of(path: Path, lines: int | None) -> list[str]:
    with path.open(encoding="utf-8") as file:
        return [
            word
            for _, line in zip(range(lines or 10**9), file, strict=False)
            for word in [*line.split(), END]
        ]


def speed(train: TokenStream, test: TokenStream, order: int, seconds: float) -> None:
    ours = KneserNey(order=order)
    ours.fit(train, test, RunLog())
    theirs = nltk_model("KneserNeyInterpolated", {"discount": _D}, order, "sentence")
    theirs.fit(train, TokenStream.from_ids(test.ids[:1], test.vocabulary), RunLog())

    first = rate_of_all(ours, test)
    scored, begun = 0, time.perf_counter()
    while (taken := time.perf_counter() - begun) < seconds and scored < len(test):
        stop = int(test.lines[np.searchsorted(test.lines, scored, side="right")])  # one line more
        theirs.log_probs(TokenStream.from_ids(test.ids[scored:stop], test.vocabulary))
        scored = stop
    ours_rate, theirs_rate = max(first, rate_of_all(ours, test)), scored / taken
    print(f"Kneser-Ney of order {order}, {len(train):,} training tokens; tokens scored a second:")
    print(f"  ours {ours_rate:,.0f} (of {len(test):,}), nltk {theirs_rate:,.1f} (of {scored:,})")
    print(f"  ratio {ours_rate / theirs_rate:,.0f}")


def rate_of_all(model: BackoffModel, test: TokenStream) -> float:
    model.log_probs(test)
    begun = time.perf_counter()
    model.log_probs(test)
    return len(test) / (time.perf_counter() - begun)


def protocol_differences(train: TokenStream, test: TokenStream, order: int) -> None:
    """nltk takes relative frequencies for unigrams where ours go on to 1 / V: it is given our unigrams."""
    pairs: list[tuple[BackoffModel, str, dict[str, float], int]] = [
        (MaximumLikelihood(order=order, context="stream"), "MLE", {}, 10**5),
        (AddK(order=order, k=_K, context="stream"), "Lidstone", {"gamma": _K}, 10**5),
        (WittenBell(order=order, context="stream"), "WittenBellInterpolated", {}, 10**4),
        (
            AbsoluteDiscounting(order=order, discount=_D, context="stream"),
            "AbsoluteDiscountingInterpolated",
            {"discount": _D},
            10**4,
        ),
        (KneserNeyOfNltk(order=order, context="stream"), "KneserNeyInterpolated", {"discount": _D}, 500),
        (
            StupidBackoff(order=order, alpha=_ALPHA, context="stream"),
            "StupidBackoff",
            {"alpha": _ALPHA},
            10**5,
        ),
    ]
    print(f"\nlargest difference of ln p, {len(train):,} training tokens, order {order}, one stream:")
    for ours, method, arguments, most in pairs:
        head = test.head(most)
        ours.fit(train, head, RunLog())
        theirs = nltk_model(method, arguments, order, "stream")
        theirs.fit(train, TokenStream.from_ids(head.ids[:1], head.vocabulary), RunLog())
        if hasattr(theirs.lm, "estimator"):
            unigrams = dict(
                zip(head.vocabulary.tokens, np.exp(ours.table.log_probs[0]).tolist(), strict=True)
            )
            theirs.lm.estimator.unigram_score = unigrams.__getitem__
        a, b = ours.log_probs(head)[order:], theirs.log_probs(head)[order:]  # behind whole contexts
        both = np.isfinite(a) & np.isfinite(b)
        note = "" if both.all() else f"; not over {np.count_nonzero(~both):,} with probability 0"
        largest = np.abs(a[both] - b[both]).max()
        print(f"  {method:32} {largest:.1e} over {np.count_nonzero(both):,} targets{note}")


def nltk_model(method: str, options: dict[str, float], order: int, context: str) -> NltkModel:
    kind = NltkScore if method in ("MLE", "StupidBackoff") else NltkLM
    return kind(method=method, options=options, order=order, time_limit=1e9, context=context)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
